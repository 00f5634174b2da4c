"""The contests of scripts/bench_attack.py, each for one batch size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from methods import Attack, AttackSettings, parse_method
from models import NETWORKS, Classifier, load_classifier
from utils.benchmarks.clock import Timed, cpu_ratio, interleave, wall_ratio
from utils.benchmarks.flops import gradient_flops, large_matmul
from utils.benchmarks.peers import make_peers
from utils.benchmarks.subject import Batch, make_gradient
from utils.benchmarks.tf1_reference import PlainAttack

OURS, OURS_BFLOAT16 = "this program", "this program, bfloat16"
PLAIN, PLAIN_UNFUSED = "TF1-style reference", "TF1-style reference, batch norm not fused"
MODES = ("sign", "affine")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
      contest: what is compared.
      name: the contestant.
      timed: its times.
      cpu: its CPU time over that of the one it is compared with (1 for that one itself).
      wall: the same of the seconds that passed.
    """

    contest: str
    name: str
    timed: Timed
    cpu: float
    wall: float


def compare(
    contest: str, contestants: dict[str, Callable[[], object]], rounds: int, base: str
) -> list[Row]:
    """Times contestants in turns; every ratio is a contestant's over the base's."""
    timed = interleave(contestants, rounds)
    return [
        Row(contest, name, each, cpu_ratio(each, timed[base]), wall_ratio(each, timed[base]))
        for name, each in timed.items()
    ]


def make_attack(
    source: Callable, method: str, num_iter: int, batch: Batch, modes: Sequence[str]
) -> Callable[[], dict[str, np.ndarray]]:
    """This program's loop on a batch: mode -> adversarial images."""
    attack = Attack(parse_method(method), AttackSettings(num_iter=num_iter), source)

    def craft() -> dict[str, np.ndarray]:
        crafted = attack(batch.images, batch.labels, batch.keys, modes)
        return {mode: result.images.numpy() for mode, result in crafted.items()}

    return craft


def against_plain(
    network: str, checkpoint: Path, batch: Batch, num_iter: int, rounds: int
) -> list[Row]:
    """Sign and affine together: float32 and bfloat16 against the TF1-style reference."""
    count = len(batch.labels)

    def make_plain(fused: bool) -> Callable[[], list[np.ndarray]]:
        plain = PlainAttack(network, checkpoint, count, num_iter, fused)
        return lambda: [plain(batch.images, batch.labels, mode) for mode in MODES]

    contestants = {PLAIN: make_plain(True), PLAIN_UNFUSED: make_plain(False)}
    for name, dtype in ((OURS, "float32"), (OURS_BFLOAT16, "bfloat16")):
        source = load_classifier(network, checkpoint, dtype=dtype).logits_and_aux
        contestants[name] = make_attack(source, "if", num_iter, batch, MODES)
    return compare(f"I-FGSM sign + affine, batch {count}", contestants, rounds, PLAIN)


@dataclass(frozen=True)
class Agreement:
    """How alike the adversarial images of this program and of the reference are, in one mode.

    Attributes:
      mode: "sign" or "affine".
      close: share of the entries that are within 1 % of the step after one iteration.
      mean_abs: mean absolute perturbation after all iterations, this program's over the other's.
    """

    mode: str
    close: float
    mean_abs: float


def agreement(network: str, checkpoint: Path, batch: Batch, num_iter: int) -> list[Agreement]:
    """Compares pixels after one step, and sizes after all: rounding parts trajectories by then."""
    source = load_classifier(network, checkpoint).logits_and_aux
    outcome = {mode: [] for mode in MODES}
    for steps in (1, num_iter):
        ours = make_attack(source, "if", steps, batch, MODES)()
        plain = PlainAttack(network, checkpoint, len(batch.labels), steps)
        for mode in MODES:
            outcome[mode].append((ours[mode], plain(batch.images, batch.labels, mode)))
    step = 2.0 * 16.0 / 255.0
    return [
        Agreement(
            mode,
            float(np.mean(np.abs(one[0] - one[1]) <= 0.01 * step)),
            float(np.abs(last[0] - batch.images).mean() / np.abs(last[1] - batch.images).mean()),
        )
        for mode, (one, last) in outcome.items()
    ]


def against_peers(
    classifier: Classifier, batch: Batch, num_iter: int, rounds: int
) -> tuple[list[Row], dict[str, str]]:
    """Sign alone, without the auxiliary head, which peers don't know.

    Returns:
      Rows, in which a ratio is the peer's time over this program's; and "peer, method" -> error.
    """
    # Traced once, the best a user can hand to a peer.
    callable_ = tf.function(lambda images: classifier(images))
    epsilon = 2.0 * 16.0 / 255.0
    peers, unable = make_peers(callable_, batch, classifier.num_classes, epsilon, num_iter)
    rows = []
    for method, title in (("if", "I-FGSM"), ("m", "MI-FGSM")):
        contestants = {
            OURS: make_attack(
                lambda images: (classifier(images), None), method, num_iter, batch, ("sign",)
            )
        }
        contestants |= {name: crafts[method] for name, crafts in peers.items() if method in crafts}
        contest = f"{title} sign, no auxiliary head, batch {len(batch.labels)}"
        rows += compare(contest, contestants, rounds, OURS)
    return rows, unable


def against_affine(classifier: Classifier, batch: Batch, num_iter: int, rounds: int) -> list[Row]:
    """The modes that search or sort, each by itself, against the one that only scales."""
    contestants = {
        mode: make_attack(classifier.logits_and_aux, "if", num_iter, batch, (mode,))
        for mode in ("affine", "test", "matched")
    }
    return compare(f"I-FGSM, batch {len(batch.labels)}", contestants, rounds, "affine")


@dataclass(frozen=True)
class Rate:
    """What share of the processor's rate a gradient reaches, per CPU second.

    Attributes:
      gflop_image: operations of one image's gradient, in 1e9.
      gradient: 1e9 operations per CPU second in the gradient.
      matmul: the same in a large matrix product.
      share: the median of the rounds' own shares.
    """

    gflop_image: float
    gradient: float
    matmul: float
    share: float


def share_of_machine(
    network: str, classifier: Classifier, batch: Batch, rounds: int, matmul_side: int
) -> Rate:
    """Times one gradient (with the auxiliary loss) and large products of float32 in turns."""
    gradient = make_gradient(classifier, batch)

    product, product_flops = large_matmul(matmul_side)
    flops = gradient_flops(network) * len(batch.labels)
    repeats = max(1, round(flops / product_flops))
    timed = interleave(
        {
            "gradient": gradient,
            "matmul": lambda: [product() for _ in range(repeats)],
        },
        rounds,
    )
    scale = flops / (repeats * product_flops)
    return Rate(
        gflop_image=gradient_flops(network) / 1e9,
        gradient=flops / timed["gradient"].median_cpu() / 1e9,
        matmul=repeats * product_flops / timed["matmul"].median_cpu() / 1e9,
        share=scale * cpu_ratio(timed["matmul"], timed["gradient"]),
    )


def usable_networks() -> list[str]:
    """The networks that take [-1, 1] as it is, which is what the reference feeds."""
    as_is = NETWORKS["inception_v3"].preprocessing
    return [name for name, row in NETWORKS.items() if row.preprocessing == as_is]
