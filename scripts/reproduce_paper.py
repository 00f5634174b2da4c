"""Runs the paper's untargeted table: its methods, sign beside FGNM_N and FGNM_K, epsilon 16.

Says first what is missing and how long it will take. reproduce_paper.sh calls it.

Examples:
  bash scripts/reproduce_paper.sh --dry_run
  bash scripts/reproduce_paper.sh --zoo demo --limit 100
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.families import load_families
from utils.analysis.formats import to_markdown
from utils.analysis.layouts import lay_out
from utils.commands import command
from utils.sweeps.command_line import add_runner_flags
from utils.sweeps.paper import paper_with_what_is_there
from utils.sweeps.runners import choose_runner
from utils.sweeps.sweep import describe, plan, run_sweep

_OF_THE_PAPER = ("zoo", "source", "checkpoint_path", "input_csv", "input_dir", "methods")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--zoo", choices=("imagenet", "demo"), default="imagenet")
    parser.add_argument("--source", help="network to attack (default: inception_v3)")
    parser.add_argument("--checkpoint_path", help="folder of the checkpoints")
    parser.add_argument("--input_csv", help="CSV with the labels")
    parser.add_argument("--input_dir", help="folder of the images")
    parser.add_argument("--methods", type=lambda text: tuple(text.split(",")), default=())
    add_runner_flags(parser)
    return parser.parse_args(arguments)


@command("reproduce_paper.py")
def main(arguments: list[str]) -> int:
    """Runs what is missing and prints the table; returns the exit code."""
    options = parse(arguments)
    kept = {name: getattr(options, name) for name in (*_OF_THE_PAPER, "limit", "output_dir")}
    paper = paper_with_what_is_there(**kept)
    print("\n".join(paper.remarks))
    planned = plan(paper.grid.cells())
    print(describe(planned, paper.grid.output_dir), flush=True)
    if options.dry_run:
        return 0
    runner = choose_runner(options.runner, options.processes, options.ray_address)
    code = run_sweep(planned, runner, Path.cwd())
    for family in load_families([paper.grid.output_dir]):
        _, tables = lay_out("paper", family, published=True)
        print("\n".join(map(to_markdown, tables)))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
