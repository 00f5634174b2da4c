"""Trains the demo zoo's networks and saves them as TF checkpoints under slim's names.

Run as `python scripts/train_demo_zoo.py`, or with `--network NAME` for one of them: the ensemble
adversarially trained one reads the checkpoints of those it is trained against.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models.preprocessing import PREPROCESSING
from models.zoo import NETWORKS, Network
from scripts.make_demo_images import TRAINING, VALIDATION, make_set
from utils.arguments import Parser
from utils.commands import command, positive, whole
from utils.quiet import tf

BATCH_SIZE = 64
AUX_WEIGHT = 0.4
ITSELF = "itself"


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    Attributes:
      seed: of the initial weights, the order of the images and the attacks.
      steps: number of batches.
      sources: adversarial training: half of each batch is crafted from one of these networks, drawn
        per batch (`ITSELF` is the one in training). Empty for normal training.
      learning_rate: of Adam at the start; it falls to zero along a cosine.
      start_from: a trained network of the same form whose weights it begins with, or "".
      weight_decay: factor of the L2 loss on every kernel.
      max_epsilon: adversarial images have an epsilon uniform in [0, max_epsilon], 0-255 units.
    """

    seed: int
    steps: int = 1200
    sources: tuple[str, ...] = ()
    start_from: str = ""
    learning_rate: float = 3e-3
    weight_decay: float = 5e-5
    max_epsilon: float = 16.0


RECIPES: dict[str, Recipe] = {
    "demo_inception": Recipe(seed=101, steps=1700),
    "demo_resnet": Recipe(seed=102, steps=1600),
    "demo_vgg": Recipe(seed=103, steps=2400),
    "demo_mobilenet": Recipe(seed=104, steps=4000),
    "demo_densenet": Recipe(seed=105, steps=4000),
    "demo_adv_resnet": Recipe(
        seed=106, steps=1000, sources=(ITSELF,), start_from="demo_resnet", learning_rate=2e-3
    ),
    "demo_ens_adv_inception": Recipe(
        seed=107, steps=1600, sources=("demo_inception", "demo_resnet", "demo_vgg", ITSELF)
    ),
}


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


class GraphNetwork:
    """A network with a graph and a session of its own: predicts, crafts FGSM images, and trains.

    Images are float32 [N, 64, 64, 3] in [-1, 1]; labels are TrueLabels, int32 [N], 1 to 10.
    """

    def __init__(self, network: Network, recipe: Recipe, threads: int = 0):
        self._offset = network.label_offset
        self._graph = tf.Graph()
        with self._graph.as_default():
            tf.compat.v1.set_random_seed(recipe.seed)
            self._images = tf.compat.v1.placeholder(
                tf.float32, [None, network.side, network.side, 3]
            )
            self._labels = tf.compat.v1.placeholder(tf.int32, [None])
            self._epsilon = tf.compat.v1.placeholder(tf.float32, [None])
            training = self._build(network, is_training=True, weight_decay=recipe.weight_decay)
            variables = tf.compat.v1.global_variables()
            self._train_op = self._optimise(training, recipe)
            logits, _ = self._build(network, is_training=False)
            self._predicted = tf.argmax(logits, 1, output_type=tf.int32)
            self._adversarial = self._fgsm(logits)
            self._saver = tf.compat.v1.train.Saver(variables)
            config = tf.compat.v1.ConfigProto(
                intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads
            )
            self._session = tf.compat.v1.Session(config=config)
            self._session.run(tf.compat.v1.global_variables_initializer())

    def _build(
        self, network: Network, is_training: bool, weight_decay: float = 0.0
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        # It brings TensorFlow, which --help and a wrong flag don't wait for.
        from models.nets import layers

        scope = tf.compat.v1.get_variable_scope()
        with (
            warnings.catch_warnings(),
            tf.compat.v1.variable_scope(scope, reuse=tf.compat.v1.AUTO_REUSE),
            layers.training_scope(is_training, weight_decay),
        ):
            # slim's layers call Keras's `apply`, which works and is what they have.
            warnings.filterwarnings("ignore", message=".*layer.apply.*", category=UserWarning)
            images = PREPROCESSING[network.preprocessing](self._images)
            return network.builder(images, network.num_classes)

    def _optimise(
        self, outputs: tuple[tf.Tensor, tf.Tensor | None], recipe: Recipe
    ) -> tf.Operation:
        logits, auxiliary = outputs
        loss = tf.reduce_mean(_cross_entropy(self._labels - self._offset, logits))
        if auxiliary is not None:
            aux_loss = _cross_entropy(self._labels - self._offset, auxiliary)
            loss += AUX_WEIGHT * tf.reduce_mean(aux_loss)
        loss += tf.add_n([*tf.compat.v1.losses.get_regularization_losses(), 0.0])
        step = tf.compat.v1.train.create_global_step()
        rate = tf.compat.v1.train.cosine_decay(recipe.learning_rate, step, recipe.steps)
        with tf.control_dependencies(
            tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.UPDATE_OPS)
        ):
            return tf.compat.v1.train.AdamOptimizer(rate).minimize(loss, step)

    def _fgsm(self, logits: tf.Tensor) -> tf.Tensor:
        # The predicted label, not the true one, which would leak into the image ("label leaking").
        loss = tf.reduce_sum(_cross_entropy(self._predicted, logits))
        (gradient,) = tf.compat.v1.gradients(loss, [self._images])
        epsilon = (2.0 / 255.0) * self._epsilon[:, None, None, None]
        return tf.clip_by_value(self._images + epsilon * tf.sign(gradient), -1.0, 1.0)

    def train(self, images: np.ndarray, labels: np.ndarray) -> None:
        """Takes one step on a batch."""
        self._session.run(self._train_op, {self._images: images, self._labels: labels})

    def craft(self, images: np.ndarray, epsilon: np.ndarray) -> np.ndarray:
        """One FGSM step away from the predicted label; epsilon float32 [N] in 0-255 units."""
        feeds = {self._images: images, self._epsilon: epsilon}
        return self._session.run(self._adversarial, feeds)

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Percentage of uint8 images [N, 64, 64, 3] that are labelled as they should be."""
        predicted = [
            self._session.run(
                self._predicted, {self._images: to_float(images[start : start + 250])}
            )
            for start in range(0, len(images), 250)
        ]
        return 100.0 * float(np.mean(np.concatenate(predicted) + self._offset == labels))

    def save(self, prefix: Path) -> None:
        """Writes the model's variables, not the optimiser's, as a V2 bundle."""
        prefix.parent.mkdir(parents=True, exist_ok=True)
        with self._graph.as_default():
            self._saver.save(self._session, str(prefix), write_meta_graph=False, write_state=False)

    def restore(self, prefix: Path) -> None:
        """Reads what `save` wrote."""
        with self._graph.as_default():
            self._saver.restore(self._session, str(prefix))


def to_float(images: np.ndarray) -> np.ndarray:
    """uint8 images to float32 in [-1, 1]."""
    return images.astype(np.float32) * np.float32(2.0 / 255.0) - np.float32(1.0)


def _turned(rng: np.random.Generator, images: np.ndarray) -> np.ndarray:
    """Each image in one of its eight flips and quarter turns: no class depends on them."""
    images = images.copy()
    for axes in ((0, 2, 1, 3), None):
        chosen = rng.random(len(images)) < 0.5
        images[chosen] = images[chosen].transpose(axes) if axes else images[chosen][:, ::-1]
    chosen = rng.random(len(images)) < 0.5
    images[chosen] = images[chosen][:, :, ::-1]
    return images


def batches(
    rng: np.random.Generator, images: np.ndarray, labels: np.ndarray, steps: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields `steps` batches, in a new order each time all images have been seen.

    Yields:
      Images float32 [BATCH_SIZE, 64, 64, 3] in [-1, 1] and labels int32 [BATCH_SIZE].
    """
    order = np.empty(0, np.int64)
    for _ in range(steps):
        while len(order) < BATCH_SIZE:
            order = np.concatenate([order, rng.permutation(len(images))])
        chosen, order = order[:BATCH_SIZE], order[BATCH_SIZE:]
        yield to_float(_turned(rng, images[chosen])), labels[chosen]


def train(
    name: str,
    recipe: Recipe,
    images: np.ndarray,
    labels: np.ndarray,
    checkpoints: Path,
    threads: int = 0,
) -> GraphNetwork:
    """Trains one network.

    Args:
      name: its row in the zoo.
      recipe: how.
      images: uint8 [N, 64, 64, 3].
      labels: TrueLabels, int32 [N].
      checkpoints: where the networks are that an ensemble adversarially trained one needs.
      threads: of TensorFlow; 0 takes one per core.
    """
    model = GraphNetwork(NETWORKS[name], recipe, threads)
    if recipe.start_from:
        model.restore(checkpoints / f"{recipe.start_from}.ckpt")
    sources = []
    for other in recipe.sources:
        source = model if other == ITSELF else GraphNetwork(NETWORKS[other], recipe, threads)
        if source is not model:
            source.restore(checkpoints / f"{other}.ckpt")
        sources.append(source)
    rng = np.random.default_rng(recipe.seed)
    half = BATCH_SIZE // 2
    feed = batches(rng, images, labels, recipe.steps)
    for batch, true_labels in tqdm(feed, name, recipe.steps, mininterval=5.0):
        if sources:
            source = sources[rng.integers(len(sources))]
            epsilon = rng.uniform(0.0, recipe.max_epsilon, half).astype(np.float32)
            batch[:half] = source.craft(batch[:half], epsilon)
        model.train(batch, true_labels)
    return model


@command("train_demo_zoo.py")
def main(arguments: list[str]) -> int:
    """Trains the networks, prints their validation accuracy and returns the exit code."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--network", action="append", choices=RECIPES, help="this alone; may be repeated"
    )
    parser.add_argument(
        "--output_dir", type=Path, default=Path("data/demo/checkpoints"), help="checkpoints' folder"
    )
    parser.add_argument("--train_images", type=positive, default=12000, help="to train on")
    parser.add_argument("--validation_images", type=positive, default=1000, help="held out")
    parser.add_argument(
        "--threads", type=whole, default=0, help="TensorFlow's; 0: one per core (default)"
    )
    options = parser.parse_args(arguments)
    images, labels = make_set(TRAINING, options.train_images)
    held_out = make_set(VALIDATION, options.validation_images)
    folder = options.output_dir
    for name in options.network or RECIPES:
        start = time.monotonic()
        recipe = RECIPES[name]
        model = train(name, recipe, images, labels, folder, options.threads)
        model.save(folder / f"{name}.ckpt")
        record = {"network": name, **asdict(recipe), "train_images": len(images)}
        record["seconds"] = round(time.monotonic() - start)
        record["validation_accuracy"] = round(model.accuracy(*held_out), 2)
        print(json.dumps(record), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
