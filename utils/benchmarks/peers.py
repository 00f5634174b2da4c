"""Public attack libraries on the same network, through their own documented calls.

They are in requirements-bench.txt only. Each contestant is I-FGSM or MI-FGSM with sign, the same
steps and bound, on the classifier as a callable that gives logits.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from utils.benchmarks.workload import AttackInputs
from utils.quiet import tf

Craft = Callable[[], object]


def _cleverhans(
    classifier: Callable, inputs: AttackInputs, classes: int, epsilon: float, steps: int
) -> dict[str, Craft]:
    from cleverhans.tf2.attacks.basic_iterative_method import basic_iterative_method
    from cleverhans.tf2.attacks.momentum_iterative_method import momentum_iterative_method

    images, labels = tf.constant(inputs.images), tf.constant(inputs.labels)
    shared = {"clip_min": -1.0, "clip_max": 1.0, "y": labels, "sanity_checks": False}

    def run(attack: Callable) -> np.ndarray:
        size = {"eps": epsilon, "eps_iter": epsilon / steps, "nb_iter": steps, "norm": np.inf}
        return attack(classifier, images, **size, **shared).numpy()

    return _crafts(run, basic_iterative_method, momentum_iterative_method)


def _foolbox(
    classifier: Callable, inputs: AttackInputs, classes: int, epsilon: float, steps: int
) -> dict[str, Craft]:
    import foolbox
    from foolbox.attacks import LinfBasicIterativeAttack
    from foolbox.attacks.mi_fgsm import LinfMomentumIterativeFastGradientMethod

    model = foolbox.TensorFlowModel(classifier, bounds=(-1, 1))
    images, labels = tf.constant(inputs.images), tf.constant(inputs.labels)

    def run(kind: Callable) -> np.ndarray:
        attack = kind(abs_stepsize=epsilon / steps, steps=steps, random_start=False)
        return attack(model, images, labels, epsilons=epsilon)[1].numpy()

    return _crafts(run, LinfBasicIterativeAttack, LinfMomentumIterativeFastGradientMethod)


def _art(
    classifier: Callable, inputs: AttackInputs, classes: int, epsilon: float, steps: int
) -> dict[str, Craft]:
    from art.attacks.evasion import BasicIterativeMethod, MomentumIterativeMethod
    from art.estimators.classification import TensorFlowV2Classifier

    # It calls the network with training=..., as a Keras model.
    model = TensorFlowV2Classifier(
        model=lambda images, training=False: classifier(images),
        nb_classes=classes,
        input_shape=inputs.images.shape[1:],
        loss_object=tf.keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="sum"
        ),
        clip_values=(-1.0, 1.0),
    )

    def run(kind: Callable) -> np.ndarray:
        size = {"eps": epsilon, "eps_step": epsilon / steps, "max_iter": steps}
        attack = kind(model, batch_size=len(inputs.labels), verbose=False, **size)
        return attack.generate(inputs.images, inputs.labels)

    return _crafts(run, BasicIterativeMethod, MomentumIterativeMethod)


def _crafts(run: Callable, iterative: Callable, momentum: Callable) -> dict[str, Craft]:
    return {"if": lambda: run(iterative), "m": lambda: run(momentum)}


PEERS: dict[str, Callable[..., dict[str, Craft]]] = {
    "cleverhans": _cleverhans,
    "foolbox": _foolbox,
    "adversarial-robustness-toolbox": _art,
}


def make_peers(
    classifier: Callable, inputs: AttackInputs, classes: int, epsilon: float, steps: int
) -> tuple[dict[str, dict[str, Craft]], dict[str, str]]:
    """Sets every peer up, and runs each for one step to see that it can.

    Args:
      classifier: float32 [N, S, S, 3] in [-1, 1] -> logits [N, C].
      inputs: what is attacked.
      classes: C.
      epsilon: the bound in [-1, 1] units.
      steps: iterations.

    Returns:
      Peer -> method ("if", "m") -> what to time, it returns the adversarial images; and
      "peer, method" -> error, for those that can't run here.
    """
    able: dict[str, dict[str, Craft]] = {name: {} for name in PEERS}
    unable = {}
    for name, make in PEERS.items():
        for method in ("if", "m"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    make(classifier, inputs, classes, epsilon, 1)[method]()
                    able[name][method] = make(classifier, inputs, classes, epsilon, steps)[method]
                except Exception as error:  # noqa: BLE001 (whatever a peer raises is its result)
                    first = (str(error).splitlines() or [""])[0]
                    unable[f"{name}, {method}"] = f"{type(error).__name__}: {first}"
    return able, unable
