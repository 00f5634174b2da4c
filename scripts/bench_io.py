"""Times what a run does around the gradients: reading, directions, PNGs, judging, tables.

The very same crafting and judging run once on a real network (random weights) and once on networks
that cost nothing; what the second takes is what there is around the gradients. Times are per batch
and without what happens once, such as tracing.

Example:
  python scripts/bench_io.py --batch_size 8 --batches 2
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from methods import AttackSettings
from models import NETWORKS, load_classifier
from utils.benchmarks.around import Runs, free_network, judging, per_batch, write_photos
from utils.benchmarks.clock import cpu_ratio, wall_ratio
from utils.benchmarks.machine import description
from utils.benchmarks.subject import random_checkpoint
from utils.pipeline.config import RunConfig


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", default="inception_v3", choices=NETWORKS, metavar="NETWORK")
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--num_iter", type=int, default=10)
    parser.add_argument("--victims", type=int, default=5, help="whose judging is counted")
    parser.add_argument("--batches", type=int, default=2, help="timed, after a first")
    parser.add_argument(
        "--free_batches", type=int, default=8, help="the same, for networks that cost nothing"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--gradient_seconds", type=float, default=0.05, help="waited for in the overlap's trial"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Measures, prints Markdown, and returns the exit code."""
    flags = parse(arguments)
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    print(f"{flags.source}, batch {flags.batch_size}, {flags.num_iter} iterations, sign + affine.")
    print(description() + "\n", flush=True)
    side = NETWORKS[flags.source].side
    config = RunConfig(
        batch_size=flags.batch_size,
        attack=AttackSettings(num_iter=flags.num_iter),
        mode=("affine",),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = flags.batch_size * (1 + max(flags.batches, flags.free_batches))
        dataset = write_photos(folder, count, side)
        network = load_classifier(flags.source, random_checkpoint(flags.source, folder))
        runs = Runs(folder, dataset, config)
        _around(runs, network, side, flags)
        _overlap(runs, side, flags)
        paths = dataset.paths[: flags.batch_size * (1 + flags.batches)]
        timed = judging(network, paths, flags.batch_size, flags.repeats)
        print(
            f"Judging: {cpu_ratio(timed['bare'], timed['judge']):.3f} of the bare forward loop's "
            f"rate by CPU time, {wall_ratio(timed['bare'], timed['judge']):.3f} by the clock."
        )
    return 0


def _around(runs: Runs, network: object, side: int, flags: argparse.Namespace) -> None:
    free = free_network(side)
    victims = [free] * flags.victims
    taken = per_batch(
        {"crafting": lambda count: runs.craft(network, count, ())}, flags.batches, flags.repeats
    )
    # These are quick, so it takes more batches to tell them from what tracing happens to take.
    taken |= per_batch(
        {
            "around crafting": lambda count: runs.craft(free, count, ()),
            "around all": lambda count: runs.craft(free, count, victims),
            "loop alone": lambda count: runs.attack(free, count),
            "files alone": runs.read_and_write,
        },
        flags.free_batches,
        flags.repeats,
    )
    crafting = taken["crafting"][0]
    parts = {
        "crafting, the real network": crafting,
        "directions, clip, cosine (the loop on a free network)": taken["loop alone"][0],
        "reading images, rounding, PNGs": taken["files alone"][0],
        "all around the gradients while crafting": taken["around crafting"][0],
        f"judging {flags.victims} free victims from PNGs, costs, tables": taken["around all"][0]
        - taken["around crafting"][0],
        "everything around the gradients": taken["around all"][0],
    }
    print("| stage | CPU ms an image | share of crafting |\n|---|---|---|")
    for stage, seconds in parts.items():
        milliseconds = 1e3 * seconds / flags.batch_size
        print(f"| {stage} | {milliseconds:.1f} | {100 * seconds / crafting:.1f} % |")
    print(flush=True)


def _overlap(runs: Runs, side: int, flags: argparse.Namespace) -> None:
    waiting = free_network(side, flags.gradient_seconds)
    taken = per_batch(
        {
            "loop": lambda count: runs.attack(waiting, count),
            "files": runs.read_and_write,
            "run": lambda count: runs.craft(waiting, count, ()),
        },
        flags.free_batches,
        flags.repeats,
    )
    loop, files, run = (1e3 * taken[name][1] for name in ("loop", "files", "run"))
    print(
        f"Overlap, gradients that wait {1e3 * flags.gradient_seconds:.0f} ms: the loop alone "
        f"{loop:.0f} ms a batch by the clock, its files alone {files:.0f} ms, the run with both "
        f"{run:.0f} ms: {100 * (1 - (run - loop) / files):.0f} % of the files' time is hidden.\n",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
