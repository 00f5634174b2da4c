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

from models import NETWORKS
from utils.arguments import Parser
from utils.benchmarks.clock import description
from utils.benchmarks.comparison import CONTESTS, Setup
from utils.benchmarks.peers import PEERS
from utils.benchmarks.workload import random_checkpoint, random_inputs


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    # Those that take [-1, 1] as it is, which is what the reference feeds.
    networks = [name for name, row in NETWORKS.items() if row.preprocessing == "inception"]
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
    print(f"{flags.source}, {flags.num_iter} iterations, {flags.repeats} rounds.")
    print(description(tuple(PEERS)) + "\n", flush=True)
    # Every contest traces functions of its own, which TensorFlow would warn of. It takes seconds to
    # import, so that it comes after the first line.
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = random_checkpoint(flags.source, Path(folder))
        for size in map(int, flags.batch_size.split(",")):
            inputs = random_inputs(flags.source, size)
            setup = Setup(
                flags.source, checkpoint, inputs, flags.num_iter, flags.repeats, flags.matmul_side
            )
            for name, contest in CONTESTS.items():
                if name in wanted:
                    print(contest(setup) + "\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
