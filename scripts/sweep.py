"""Runs attack.py over a grid: the cells that aren't there yet, whatever becomes of the others.

Examples:
  python scripts/sweep.py --grid scripts/grids/demo.yaml --dry_run
  python scripts/sweep.py --grid scripts/grids/paper.yaml --zoo demo --limit 100 --table
  python scripts/sweep.py --grid scripts/grids/mobilenets.yaml --set num_iter=20 \\
      --set epsilons=8,16 --checkpoint_path /data/checkpoints
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.arguments import Parser
from utils.commands import command, positive
from utils.errors import RunError
from utils.pipeline.record import RunRecord
from utils.sweeps.grid import Grid, read_grid
from utils.sweeps.local_runner import run_locally
from utils.sweeps.missing import all_of_it, check_places, leave_out_missing, on_zoo
from utils.sweeps.ray_runner import find_ray, run_on_ray
from utils.sweeps.settings import with_settings
from utils.sweeps.sweep import Planned, describe, plan, run_sweep

# Of attack.py's flags, those that may be another than the grid's.
_FLAGS = ("output_dir", "limit", "checkpoint_path", "input_csv", "input_dir")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--grid",
        required=True,
        action="append",
        help="YAML file (scripts/grids/README.md); may be repeated",
    )
    parser.add_argument("--dry_run", action="store_true", help="list the cells and stop")
    parser.add_argument(
        "--table", action="store_true", help="afterwards print the table and published figures"
    )
    instead = parser.add_argument_group("instead of the grid's")
    instead.add_argument("--output_dir", help="folder of the results")
    instead.add_argument("--limit", type=positive, help="only the first so many images")
    instead.add_argument("--zoo", choices=("imagenet", "demo"), help="its source and victims")
    instead.add_argument("--source", help="network to attack")
    instead.add_argument("--methods", type=lambda text: tuple(text.split(",")))
    instead.add_argument("--checkpoint_path", help="folder of the checkpoints")
    instead.add_argument("--input_csv", help="CSV with the labels")
    instead.add_argument("--input_dir", help="folder of the images")
    instead.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other of its values: a list's, comma-separated, or a flag's; may be repeated",
    )
    runs = parser.add_argument_group("who runs the cells")
    runs.add_argument("--runner", choices=("local", "ray"), default="local")
    runs.add_argument(
        "--processes", type=positive, help="local: cells at a time (default: one a GPU, or one)"
    )
    runs.add_argument(
        "--isolate",
        action="store_true",
        help="a process of its own for each cell, instead of workers that take many",
    )
    runs.add_argument(
        "--memory",
        type=gigabytes,
        default=gigabytes("2"),
        metavar="GB",
        help="what a worker may keep between cells: networks, by the size of their checkpoints, "
        "decoded images, first gradients (default: 2)",
    )
    runs.add_argument(
        "--ray_address", help="ray: the cluster's (default: one that is found, else a local one)"
    )
    return parser.parse_args(arguments)


def gigabytes(text: str) -> float:
    """Reads a number of GB, not negative and finite, as bytes."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of GB")
    return number * 1e9


@command("sweep.py")
def main(arguments: list[str]) -> int:
    """Runs the sweep; returns the exit code."""
    options = parse(arguments)
    if options.runner == "ray":
        # Before anything is planned, which may take a while.
        find_ray()
    grids = _grids(options)
    planned = plan([cell for grid in grids for cell in grid.cells()])
    print(describe(planned, grids[0].output_dir, options.dry_run, options.isolate), flush=True)
    if options.dry_run:
        return 0
    memory = None if options.isolate else options.memory
    if options.runner == "ray":
        runner = partial(run_on_ray, address=options.ray_address, memory=memory)
    else:
        runner = partial(run_locally, processes=options.processes, memory=memory)
    code = run_sweep(planned, runner, Path.cwd())
    if options.table:
        code = _tables(planned) or code
    return code


def _tables(planned: Sequence[Planned]) -> int:
    """Prints the tables of these cells alone, whatever else the folder holds."""
    # Here, because it brings pandas, which takes as long as all the rest of planning.
    from scripts import table

    folders = [one.cell.folder for one in planned if not one.problem]
    records = [(folder, RunRecord.read(folder)) for folder in folders]
    finished = [str(folder) for folder, record in records if record and record.complete]
    return table.main([*finished, "--beside", "published"]) if finished else 0


def _grids(options: argparse.Namespace) -> list[Grid]:
    asked = [_grid(options, path) for path in options.grid]
    grids, said = [], []
    try:
        for grid in asked:
            there, remarks = leave_out_missing(grid) if grid.skip_missing else (grid, [])
            grids.append(there)
            said += remarks
    except RunError as error:
        raise RunError(f"{error} {all_of_it(asked)}") from error
    print("".join(f"{remark}\n" for remark in dict.fromkeys(said)), end="")
    return grids


def _grid(options: argparse.Namespace, path: str) -> Grid:
    grid = read_grid(path).with_flags(**{name: getattr(options, name) for name in _FLAGS})
    grid = with_settings(grid, options.set)
    if options.zoo:
        grid = on_zoo(grid, options.zoo)
    if options.source:
        grid = replace(grid, sources=(options.source,))
    if options.methods:
        grid = replace(grid, methods=options.methods)
    if not grid.skip_missing:
        check_places(grid)
    return grid


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
