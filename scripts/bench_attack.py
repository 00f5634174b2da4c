"""Times this program's attack loop against a TF1-style one, public libraries and the processor.

The contests: "reference" (the loop against one in the style of TensorFlow 1), "peers" (against
public libraries), "modes" (test and matched against affine), "machine" (a gradient's share of the
processor's rate) and "ops" (a profile of a gradient by type of op).

All contestants run in turns in one process, on one random-weights checkpoint and the same images.
Ratios of CPU time are what to look at: other programs on the machine disturb them least.

Examples:
  python scripts/bench_attack.py --batch_size 8,16
  python scripts/bench_attack.py --contests peers --batch_size 8   (after requirements-bench.txt)
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models import load_classifier
from models.loading import DTYPES
from utils.benchmarks import contest
from utils.benchmarks.machine import description
from utils.benchmarks.peers import PEERS
from utils.benchmarks.profile import OpTime, gradient_op_times
from utils.benchmarks.subject import random_batch, random_checkpoint

CONTESTS = ("reference", "peers", "modes", "machine", "ops")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    networks = contest.usable_networks()
    parser.add_argument("--source", default="inception_v3", choices=networks, metavar="NETWORK")
    parser.add_argument("--batch_size", default="8", help="one or several, comma-separated")
    parser.add_argument("--num_iter", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3, help="rounds after the warm-up")
    parser.add_argument("--contests", default=",".join(CONTESTS), help="which, comma-separated")
    parser.add_argument("--matmul_side", type=int, default=2048)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Runs the contests asked for and prints their tables in Markdown; returns the exit code."""
    flags = parse(arguments)
    wanted = flags.contests.split(",")
    if unknown := set(wanted) - set(CONTESTS):
        print(f"--contests has {', '.join(sorted(unknown))}; it knows {', '.join(CONTESTS)}.")
        return 2
    # Every contest traces functions of its own, which TensorFlow would warn of.
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    print(f"{flags.source}, {flags.num_iter} iterations, {flags.repeats} rounds.")
    print(description(("tensorflow", "tf-slim", "numpy", *PEERS)) + "\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = random_checkpoint(flags.source, Path(folder))
        for size in map(int, flags.batch_size.split(",")):
            batch = random_batch(flags.source, size)
            if "reference" in wanted:
                _print_agreement(contest.agreement(flags.source, checkpoint, batch, flags.num_iter))
                rows = contest.against_plain(
                    flags.source, checkpoint, batch, flags.num_iter, flags.repeats
                )
                _print_rows(rows, "the reference's")
            classifier = load_classifier(flags.source, checkpoint)
            if "peers" in wanted:
                rows, unable = contest.against_peers(
                    classifier, batch, flags.num_iter, flags.repeats
                )
                _print_rows(rows, "this program's")
                for peer, error in unable.items():
                    print(f"{peer} cannot run here: {error}\n", flush=True)
            if "modes" in wanted:
                rows = contest.against_affine(classifier, batch, flags.num_iter, flags.repeats)
                _print_rows(rows, "affine's")
            if "machine" in wanted:
                _print_rate(
                    size,
                    contest.share_of_machine(
                        flags.source, classifier, batch, flags.repeats, flags.matmul_side
                    ),
                )
            if "ops" in wanted:
                for dtype in DTYPES:
                    times = gradient_op_times(flags.source, checkpoint, batch, dtype)
                    _print_ops(size, dtype, times)
    return 0


def _print_rows(rows: Sequence[contest.Row], base: str) -> None:
    print(
        f"| contest | contestant | CPU s | wall s | CPU / {base} | wall / {base} | spread "
        "| peak MB |\n|---|---|---|---|---|---|---|---|"
    )
    for row in rows:
        timed = row.timed
        print(
            f"| {row.contest} | {row.name} | {timed.median_cpu():.2f} | {timed.median_wall():.2f} "
            f"| {row.cpu:.3f} | {row.wall:.3f} | {100 * timed.spread():.0f} % "
            f"| {max(timed.memory):.0f} |"
        )
    print(flush=True)


def _print_agreement(agreements: Sequence[contest.Agreement]) -> None:
    for each in agreements:
        print(
            f"{each.mode}: {100 * each.close:.2f} % of entries within 1 % of the step of the "
            f"reference's after one iteration; mean abs {each.mean_abs:.4f} of its after all."
        )
    print(flush=True)


def _print_rate(size: int, rate: contest.Rate) -> None:
    print(
        f"Batch {size}: {rate.gflop_image:.2f} GFLOP an image's gradient; "
        f"{rate.gradient:.1f} GFLOP per CPU second in the gradient, {rate.matmul:.1f} in a large "
        f"matrix product: {100 * rate.share:.1f} %.\n",
        flush=True,
    )


def _print_ops(size: int, dtype: str, times: Sequence[OpTime], least: float = 0.005) -> None:
    print(f"| op of a gradient, batch {size}, {dtype} | how many | ms | share |\n|---|---|---|---|")
    for each in times:
        if each.share >= least:
            share = f"{100 * each.share:.1f} %"
            print(f"| {each.op} | {each.count:.0f} | {1e3 * each.seconds:.1f} | {share} |")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
