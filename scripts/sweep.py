"""Runs attack.py over a grid: the cells that aren't there yet, whatever becomes of the others.

Example:
  python scripts/sweep.py --grid scripts/grids/demo.yaml --dry_run
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.commands import command
from utils.sweeps.command_line import add_runner_flags
from utils.sweeps.grid import read_grid
from utils.sweeps.runners import choose_runner
from utils.sweeps.sweep import describe, plan, run_sweep


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grid", required=True, help="YAML file (scripts/grids/README.md)")
    add_runner_flags(parser)
    return parser.parse_args(arguments)


@command("sweep.py")
def main(arguments: list[str]) -> int:
    """Runs the sweep; returns the exit code."""
    options = parse(arguments)
    grid = read_grid(options.grid)
    grid = grid.with_flags(output_dir=options.output_dir, limit=options.limit)
    planned = plan(grid.cells())
    print(describe(planned, grid.output_dir), flush=True)
    if options.dry_run:
        return 0
    runner = choose_runner(options.runner, options.processes, options.ray_address)
    return run_sweep(planned, runner, Path.cwd())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
