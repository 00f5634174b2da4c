"""Runs attack.py over a grid: the cells that aren't there yet, whatever becomes of the others.

Example:
  python scripts/sweep.py --grid scripts/grids/epsilons.yaml --output_dir results/sweep --dry_run
"""

import argparse
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.quiet import quiet_tensorflow

with quiet_tensorflow():
    from utils.errors import FRIENDLY, exit_code
    from utils.sweeps.grid import read_grid
    from utils.sweeps.local_runner import run_locally
    from utils.sweeps.sweep import describe, plan, run_sweep


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grid", required=True, help="YAML file (scripts/grids/README.md)")
    parser.add_argument("--output_dir", help="instead of the grid's own")
    parser.add_argument("--limit", type=int, help="instead of the grid's own")
    parser.add_argument("--dry_run", action="store_true", help="list the cells and stop")
    parser.add_argument("--runner", choices=("local", "ray"), default="local")
    parser.add_argument(
        "--processes", type=int, help="local: cells at a time (default: one a GPU, or one)"
    )
    parser.add_argument(
        "--ray_address", help="ray: the cluster's (default: one that is found, else a local one)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Runs the sweep; returns the exit code."""
    options = parse(arguments)
    try:
        grid = read_grid(options.grid)
        grid = grid.with_flags(output_dir=options.output_dir, limit=options.limit)
        planned = plan(grid.cells())
        print(describe(planned, grid.output_dir), flush=True)
        if options.dry_run:
            return 0
        if options.runner == "ray":
            # Optional: imported where it is asked for.
            from utils.sweeps.ray_runner import run_on_ray

            runner = partial(run_on_ray, address=options.ray_address)
        else:
            runner = partial(run_locally, processes=options.processes)
        return run_sweep(planned, runner, Path.cwd())
    except FRIENDLY as error:
        print(f"sweep.py: {error}", file=sys.stderr)
        return exit_code(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
