"""The contests of scripts/bench_attack.py; each gives its result in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from methods import Attack, AttackSettings, parse_method
from models import Classifier, load_classifier
from models.loading import DTYPES
from utils.benchmarks.clock import cpu_ratio, interleave, wall_ratio
from utils.benchmarks.gradient import gradient_flops, make_gradient, op_times
from utils.benchmarks.peers import make_peers
from utils.benchmarks.workload import AttackInputs
from utils.quiet import tf

OURS = "this program"
MODES = ("sign", "affine")
EPSILON = 2.0 * 16.0 / 255.0
LEAST_SHARE = 0.005  # of a gradient's time; ops with less are left out


@dataclass(frozen=True)
class Setup:
    """What is attacked, and how often.

    Attributes:
      network: a key of NETWORKS.
      checkpoint: its prefix.
      inputs: one batch.
      num_iter: iterations of the attacks.
      rounds: how often every contestant is timed.
      matmul_side: of the matrices that show the processor's rate.
    """

    network: str
    checkpoint: Path
    inputs: AttackInputs
    num_iter: int = 10
    rounds: int = 3
    matmul_side: int = 2048

    @property
    def batch(self) -> str:
        """The batch in words."""
        return f"batch {len(self.inputs.labels)}"

    @cached_property
    def classifier(self) -> Classifier:
        """The network in float32."""
        return load_classifier(self.network, self.checkpoint)


def make_attack(
    source: Callable, method: str, num_iter: int, inputs: AttackInputs, modes: Sequence[str]
) -> Callable[[], dict[str, np.ndarray]]:
    """This program's loop: mode -> adversarial images."""
    attack = Attack(parse_method(method), AttackSettings(num_iter=num_iter), source)

    def craft() -> dict[str, np.ndarray]:
        crafted = attack(inputs.images, inputs.labels, inputs.keys, modes)
        return {mode: result.images.numpy() for mode, result in crafted.items()}

    return craft


def against_reference(setup: Setup) -> str:
    """Sign and affine in one call: float32 and bfloat16 against the TF1-style reference."""
    # It brings TensorFlow, for which a command's first line shall not wait.
    from utils.benchmarks.tf1_reference import PlainAttack

    network, checkpoint, inputs = setup.network, setup.checkpoint, setup.inputs

    def reference(fused: bool) -> Callable[[], object]:
        plain = PlainAttack(network, checkpoint, len(inputs.labels), setup.num_iter, fused)
        return lambda: [plain(inputs.images, inputs.labels, mode) for mode in MODES]

    contestants = {
        "TF1-style reference": reference(fused=True),
        "TF1-style reference, batch norm not fused": reference(fused=False),
    }
    for name, dtype in ((OURS, "float32"), (f"{OURS}, bfloat16", "bfloat16")):
        source = load_classifier(network, checkpoint, dtype=dtype).logits_and_aux
        contestants[name] = make_attack(source, "if", setup.num_iter, inputs, MODES)
    table = _compare(f"I-FGSM sign + affine, {setup.batch}", contestants, setup.rounds)
    lines = [
        f"{mode}: {100 * close:.2f} % of entries within 1 % of the step of the reference's after "
        f"one iteration; mean abs {mean_abs:.4f} of its after all."
        for mode, (close, mean_abs) in agreement(setup).items()
    ]
    return "\n".join([*lines, "", table])


def agreement(setup: Setup) -> dict[str, tuple[float, float]]:
    """How alike the adversarial images of this program and of the reference are.

    Pixels are compared after one step, and sizes after all: rounding parts trajectories by then.

    Returns:
      Mode -> the share of the entries that are within 1 % of the step after one iteration, and the
      mean absolute perturbation after all iterations, this program's over the other's.
    """
    from utils.benchmarks.tf1_reference import PlainAttack

    inputs, pairs = setup.inputs, []
    for steps in (1, setup.num_iter):
        ours = make_attack(setup.classifier.logits_and_aux, "if", steps, inputs, MODES)()
        plain = PlainAttack(setup.network, setup.checkpoint, len(inputs.labels), steps)
        theirs = {mode: plain(inputs.images, inputs.labels, mode) for mode in MODES}
        pairs.append((ours, theirs))

    def compared(mode: str) -> tuple[float, float]:
        (first, last) = ((ours[mode], theirs[mode]) for ours, theirs in pairs)
        moved, reference_moved = (np.abs(images - inputs.images).mean() for images in last)
        close = np.mean(np.abs(first[0] - first[1]) <= 0.01 * EPSILON)
        return float(close), float(moved / reference_moved)

    return {mode: compared(mode) for mode in MODES}


def against_peers(setup: Setup) -> str:
    """Sign alone, without the auxiliary head, which peers don't know; and who can't run here."""
    # Traced once, the best a user can hand to a peer.
    logits = tf.function(lambda images: setup.classifier(images))
    classes, inputs = setup.classifier.num_classes, setup.inputs
    peers, unable = make_peers(logits, inputs, classes, EPSILON, setup.num_iter)
    blocks = []
    for method, title in (("if", "I-FGSM"), ("m", "MI-FGSM")):
        ours = make_attack(
            lambda images: (setup.classifier(images), None),
            *(method, setup.num_iter, inputs, ("sign",)),
        )
        crafts = {name: able[method] for name, able in peers.items() if method in able}
        contest = f"{title} sign, no auxiliary head, {setup.batch}"
        blocks.append(_compare(contest, {OURS: ours} | crafts, setup.rounds))
    blocks += [f"{peer} cannot run here: {error}" for peer, error in unable.items()]
    return "\n\n".join(blocks)


def against_affine(setup: Setup) -> str:
    """The modes that search or sort, each by itself, against the one that only scales."""
    source = setup.classifier.logits_and_aux
    contestants = {
        mode: make_attack(source, "if", setup.num_iter, setup.inputs, (mode,))
        for mode in ("affine", "test", "matched")
    }
    return _compare(f"I-FGSM, {setup.batch}", contestants, setup.rounds)


def share_of_machine(setup: Setup) -> str:
    """A gradient (with the auxiliary loss) and large products of float32, operations a CPU second.

    The share is the median of the rounds' own shares.
    """
    side = setup.matmul_side
    matrix, product_flops = tf.random.stateless_normal([side, side], [0, 0]), 2.0 * side**3
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    one_image = gradient_flops(setup.network)
    flops = one_image * len(setup.inputs.labels)
    repeats = max(1, round(flops / product_flops))
    contestants = {
        "gradient": make_gradient(setup.classifier, setup.inputs),
        "matmul": lambda: [product().numpy() for _ in range(repeats)],
    }
    timed = interleave(contestants, setup.rounds)
    gradient, matmul = timed["gradient"], timed["matmul"]
    share = flops / (repeats * product_flops) * cpu_ratio(matmul, gradient)
    return (
        f"{setup.batch.capitalize()}: {one_image / 1e9:.2f} GFLOP an image's gradient; "
        f"{flops / gradient.median_cpu() / 1e9:.1f} GFLOP per CPU second in the gradient, "
        f"{repeats * product_flops / matmul.median_cpu() / 1e9:.1f} in a large matrix product: "
        f"{100 * share:.1f} %."
    )


def profile_ops(setup: Setup) -> str:
    """Which ops a gradient's time goes to, in both types."""
    tables = []
    for dtype in DTYPES:
        classifier = load_classifier(setup.network, setup.checkpoint, dtype=dtype)
        lines = [
            f"| op of a gradient, {setup.batch}, {dtype} | how many | ms | share |",
            "|---|---|---|---|",
        ]
        for each in op_times(make_gradient(classifier, setup.inputs)):
            if each.share >= LEAST_SHARE:
                share = f"{100 * each.share:.1f} %"
                lines.append(
                    f"| {each.op} | {each.count:.0f} | {1e3 * each.seconds:.1f} | {share} |"
                )
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


CONTESTS: dict[str, Callable[[Setup], str]] = {
    "reference": against_reference,
    "peers": against_peers,
    "modes": against_affine,
    "machine": share_of_machine,
    "ops": profile_ops,
}


def _compare(contest: str, contestants: Mapping[str, Callable[[], object]], rounds: int) -> str:
    """Times contestants in turns; every ratio is a contestant's over the first one's."""
    timed = interleave(contestants, rounds)
    base = next(iter(timed))
    lines = [
        f"| contest | contestant | CPU s | wall s | CPU / {base} | wall / {base} | spread "
        "| peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, each in timed.items():
        lines.append(
            f"| {contest} | {name} | {each.median_cpu():.2f} | {each.median_wall():.2f} "
            f"| {cpu_ratio(each, timed[base]):.3f} | {wall_ratio(each, timed[base]):.3f} "
            f"| {100 * each.spread():.0f} % | {max(each.memory):.0f} |"
        )
    return "\n".join(lines)
