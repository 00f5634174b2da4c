"""A sweep: which cells are left, running them, and what to say about it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from data import Dataset
from utils.errors import DataError, ModelError, RunError, UnknownNetwork
from utils.files import sha256_of
from utils.pipeline.config import RunConfig
from utils.pipeline.digest import images_digest
from utils.pipeline.inputs import load_dataset
from utils.pipeline.photos import find_prepared
from utils.pipeline.session import Session
from utils.sweeps.cell import Cell
from utils.sweeps.estimate import Estimate, Speed, duration, together
from utils.sweeps.process import Job, Outcome
from utils.sweeps.watch import Watch

Runner = Callable[[Sequence[Job], Callable[[Outcome], None]], int]


@dataclass(frozen=True)
class Planned:
    """A cell and what is known of it before it runs.

    Attributes:
      cell: the cell.
      images: how many it attacks.
      finished: whether its results are there.
      problem: why it can't run, or empty.
    """

    cell: Cell
    images: int = 0
    finished: bool = False
    problem: str = ""


def plan(cells: Sequence[Cell]) -> list[Planned]:
    """Looks at every cell's networks, images and folder.

    Raises:
      UsageError, UnknownNetwork: a flag that no cell could obey.
    """
    known: dict[tuple, tuple[Dataset, str]] = {}
    session = Session()
    return [_planned(cell, known, session) for cell in cells]


def describe(
    planned: Sequence[Planned],
    output_dir: Path,
    one_is_worth_it: bool = True,
    isolated: bool = False,
) -> str:
    """Returns the list of cells with a time estimate for those that are left.

    Args:
      planned: from `plan`.
      output_dir: whose finished runs tell how long others take.
      one_is_worth_it: estimate a single cell, too; without runs to learn from, that may take longer
        than the cell.
      isolated: whether each cell starts and loads by itself.
    """
    left = [one for one in planned if not one.finished and not one.problem]
    # Where nothing is left there is nothing to estimate, nor to measure.
    wanted = len(left) > (0 if one_is_worth_it else 1)
    speed = Speed.learnt_from(output_dir, Path(RunConfig().output_dir)) if wanted else None
    lines: list[str] = []
    estimates: list[tuple[tuple, Estimate]] = []
    for one in planned:
        if one.finished:
            lines.append(f"  done     {one.cell.name}")
        elif one.problem:
            lines.append(f"  can't    {one.cell.name}: {one.problem}")
        elif speed is None:
            lines.append(f"  to run   {one.cell.name}")
        else:
            config, networks = one.cell.config, one.cell.networks
            sources, victims = list(networks.sources), list(networks.victims)
            estimate = speed.estimate(config, sources, victims, one.images)
            # What a worker loads and traces once for all cells that have it in common.
            estimates.append(((config.source, config.method, config.modes, *victims), estimate))
            size = f"{one.images} images, {len(victims)} victims, {','.join(config.modes)}"
            lines.append(f"  {duration(estimate.alone):>8} {one.cell.name}  ({size})")
    alone = sum(estimate.alone for _, estimate in estimates)
    total = alone if isolated else together(estimates)
    basis = f": about {duration(total)} with one process ({speed.basis()})" if speed else ""
    lines.append(f"{len(planned)} cells, {len(left)} to run{basis}.")
    return "\n".join(lines)


def run_sweep(planned: Sequence[Planned], runner: Runner, cwd: Path) -> int:
    """Runs the cells that are left, whatever becomes of the others, and lists the failures.

    Args:
      planned: from `plan`.
      runner: takes jobs and a function to report each outcome to; returns 0 or 128 + signal.
      cwd: the folder that relative paths start from.

    Returns:
      0; 1 where a cell failed; 128 + the signal that stopped the sweep.
    """
    failures = [Outcome(p.cell.name, 1, 0.0, p.problem) for p in planned if p.problem]
    jobs = [job_of(one.cell, cwd) for one in planned if not one.finished and not one.problem]
    begin, ended = time.monotonic(), 0

    def report(outcome: Outcome) -> None:
        nonlocal ended
        ended += 1
        state = f"FAILED ({outcome.code})" if outcome.code else "done"
        place = f"[{ended}/{len(jobs)}]"
        left = (time.monotonic() - begin) / ended * (len(jobs) - ended)
        rest = f", about {duration(left)} left" if ended < len(jobs) else ""
        with bar.external_write_mode():
            print(
                f"{place} {outcome.name}: {state} in {duration(outcome.seconds)}{rest}", flush=True
            )
        bar.update()
        watch.ended(outcome.name)
        if outcome.code:
            failures.append(outcome)

    # A bar is for a terminal; a log has the lines.
    with (
        tqdm(total=len(jobs), desc="Cells", unit="cell", disable=None, leave=False) as bar,
        Watch(jobs, bar.set_postfix_str) as watch,
    ):
        stopped = runner(jobs, report) if jobs else 0
    there = sum(one.finished for one in planned)
    print(
        f"{len(planned)} cells: {there} were there, {ended} ran in "
        f"{duration(time.monotonic() - begin)}, {len(failures)} failed."
    )
    for failure in failures:
        log = f" (log: {failure.log})" if failure.log else ""
        print(f"  FAILED {failure.name}: {failure.message}{log}")
    if stopped:
        print("Stopped; give the same command again to continue.")
        return stopped
    return 1 if failures else 0


def _planned(cell: Cell, known: dict[tuple, tuple[Dataset, str]], session: Session) -> Planned:
    try:
        config = cell.config
        networks, to_make = find_prepared(config, cell.networks, session)
        if to_make:
            return Planned(cell, to_make)
        reading = (
            *(networks.input_csv, networks.input_dir, networks.max_label, config.limit),
            *(config.skip_missing_images, config.attack.targeted),
        )
        if reading not in known:
            dataset = load_dataset(config, networks)
            known[reading] = dataset, images_digest(map(sha256_of, dataset.paths))
        dataset, images_sha256 = known[reading]
        return Planned(cell, len(dataset), cell.is_finished(dataset.csv_sha256, images_sha256))
    except UnknownNetwork:
        raise
    except (RunError, DataError, ModelError) as error:
        return Planned(cell, problem=str(error))


def job_of(cell: Cell, cwd: Path) -> Job:
    """Returns a cell as whoever runs it needs it; relative paths start from `cwd`."""
    output_dir = Path(cell.config.output_dir).absolute()
    return Job(
        name=cell.name,
        command=tuple(cell.command()),
        flags=cell.config.all_flags(),
        cwd=str(cwd),
        log=str(output_dir / ".sweep" / (cell.name.replace("/", "-").replace(" ", "-") + ".log")),
        lock=str(cell.folder.absolute() / ".progress" / "lock"),
    )
