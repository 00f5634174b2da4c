"""Times a sweep by workers against one with a process a cell, in turns, by CPU time.

Each contest runs a grid, or a part of it, both ways, and prints the ratio of the CPU times of all
processes: "demo20" and "demo300" (the demo grid at 20 and 300 images), "mobilenets" (that grid at
60 photos), "one" (a sweep of one cell against attack.py), "warm" (CPU seconds of a worker's later
cells of one image) and "memory" (what a worker holds after 5 and after 30 cells).

Examples:
  python scripts/bench_sweep.py --contests demo20,one,warm,memory
  python scripts/bench_sweep.py --contests mobilenets --set input_csv=dev_dataset.csv \\
      --set input_dir=images --set checkpoint_path=checkpoints
  python scripts/bench_sweep.py --contests demo300 --before ../another/checkout
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.arguments import Parser
from utils.benchmarks.clock import description
from utils.pipeline.config import RunConfig
from utils.sweeps.cell import Cell
from utils.sweeps.sweep import job_of
from utils.sweeps.worker import Worker

_ROOT = Path(__file__).resolve().parent.parent
_GRIDS = _ROOT / "scripts" / "grids"
_MEMORY = 2e9


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument("--contests", default=",".join(CONTESTS), help="which, comma-separated")
    parser.add_argument("--rounds", type=int, default=1, help="of both ways in turns")
    parser.add_argument(
        *("--set", "-s"),
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of the grids, as sweep.py takes it: a part, or where files are",
    )
    parser.add_argument(
        "--before",
        type=Path,
        help="another checkout, from before there were workers: the grids' first way is its sweep "
        "instead of this one's --isolate; it gets --KEY=VALUE for each --set",
    )
    return parser.parse_args(arguments)


def cpu_seconds(command: Sequence[str]) -> float:
    """Returns what a command and all processes that it waited for took, or ends with its output."""
    before = _of_children()
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _in_turns(
    name: str, ways: dict[str, Callable[[str], Sequence[str]]], rounds: int, target: float
) -> str:
    """Runs the ways in turns, each into a new folder, and compares the second with the first."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        folders = count()
        for _ in range(rounds):
            for way, command in ways.items():
                taken[way].append(cpu_seconds(command(f"{folder}/{next(folders)}")))
    (before, first), (after, second) = taken.items()
    ratio = statistics.median(b / a for a, b in zip(first, second, strict=True))
    return (
        f"| {name} | {before} {_seconds(first)} | {after} {_seconds(second)} | {ratio:.3f} | "
        f"{target:g} |"
    )


def _seconds(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def _grid(name: str, file: str, limit: int, target: float) -> Callable[[argparse.Namespace], str]:
    def contest(options: argparse.Namespace) -> str:
        settings = [f"--set={setting}" for setting in options.settings]

        def sweep(folder: str, *flags: str, checkout: Path = _ROOT) -> list[str]:
            script = [sys.executable, str(checkout / "scripts" / "sweep.py")]
            grid = f"--grid={_GRIDS / file}"
            return [*script, grid, f"--limit={limit}", f"--output_dir={folder}", *flags]

        def isolated(folder: str) -> list[str]:
            return sweep(folder, "--isolate", *settings)

        def before(folder: str) -> list[str]:
            flags = [f"--{setting}" for setting in options.settings]
            return sweep(folder, *flags, checkout=options.before.resolve())

        first = {"before": before} if options.before else {"a process a cell": isolated}
        ways = first | {"workers": lambda folder: sweep(folder, *settings)}
        return _in_turns(name, ways, options.rounds, target)

    return contest


def _one(options: argparse.Namespace) -> str:
    flags = ["--method=if", "--mode=affine", "--limit=20", "--zoo=demo"]

    def sweep(folder: str) -> list[str]:
        grid = Path(f"{folder}.yaml")
        grid.write_text("sources: [demo_inception]\nmethods: [if]\nmodes: [sign, affine]\n")
        with grid.open("a") as file:
            file.write("epsilons: [16]\nflags: {limit: 20}\n")
        script = [sys.executable, "scripts/sweep.py", f"--grid={grid}"]
        return [*script, f"--output_dir={folder}"]

    ways = {
        "attack.py": lambda at: [sys.executable, "attack.py", *flags, f"--output_dir={at}"],
        "a sweep of one cell": sweep,
    }
    return _in_turns("one cell", ways, options.rounds, 1.0)


def _cells(worker: Worker, folder: str, epsilons: Sequence[float], **flags: object) -> list[dict]:
    """Has a worker do a cell of one image at each epsilon; returns what it used after each."""
    used = []
    for epsilon in epsilons:
        given = {"method": "fgsm", "source": ("demo_inception",), "limit": 1, "zoo": "demo"}
        given |= {"max_epsilon": epsilon, "output_dir": folder} | flags
        outcome = worker.run(job_of(Cell(RunConfig.of_flags(given)), Path.cwd()))
        if outcome.code:
            sys.exit(outcome.message)
        used.append(worker.used())
    return used


def _warm(options: argparse.Namespace) -> str:
    worker, rows = Worker(_MEMORY), []
    with tempfile.TemporaryDirectory() as folder:
        for method in ("fgsm", "if"):
            for size in (16, 1):
                epsilons = [float(each) for each in range(1, 9)]
                where = f"{folder}/{method}{size}"
                used = _cells(worker, where, epsilons, method=method, batch_size=size)
                cells = [b["cpu"] - a["cpu"] for a, b in zip(used[2:], used[3:], strict=False)]
                rows.append(
                    f"| a warm cell of one image, {method}, --batch_size {size} | | "
                    f"{statistics.median(cells):.2f} CPU s | | 0.5 CPU s |"
                )
    worker.close()
    return "\n".join(rows)


def _memory(options: argparse.Namespace) -> str:
    worker = Worker(_MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        used = []
        for number in range(30):
            # Sources and methods go round, so that all that a cell may leave behind is left.
            source = ("demo_inception", "demo_vgg", "demo_resnet")[number % 3]
            method = ("fgsm", "if", "m", "t", "n")[number % 5]
            used += _cells(
                *(worker, f"{folder}/{number}", [8.0]),
                **{"source": (source,), "method": method, "num_iter": 2, "limit": 4},
            )
    worker.close()
    held = [round(each["memory"] / 1e6) for each in used]
    return f"| memory after 5, 15 and 30 cells | {held[4]} MB | {held[14]}, {held[29]} MB | | |"


CONTESTS = {
    "demo20": _grid("demo grid, 20 images", "demo.yaml", 20, 0.25),
    "demo300": _grid("demo grid, 300 images", "demo.yaml", 300, 0.6),
    "mobilenets": _grid("mobilenets.yaml, 60 photos", "mobilenets.yaml", 60, 0.7),
    "one": _one,
    "warm": _warm,
    "memory": _memory,
}


def main(arguments: Sequence[str]) -> int:
    """Runs the contests asked for and prints a table in Markdown; returns the exit code."""
    options = parse(arguments)
    wanted = options.contests.split(",")
    if unknown := set(wanted) - set(CONTESTS):
        print(f"--contests has {', '.join(sorted(unknown))}; it knows {', '.join(CONTESTS)}.")
        return 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(description() + "\n", flush=True)
    print("| what | CPU s | CPU s | ratio | at most |\n|---|---|---|---|---|", flush=True)
    for name in wanted:
        print(CONTESTS[name](options), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
