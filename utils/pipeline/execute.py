"""One run from configuration to tables."""

from __future__ import annotations

import functools
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from data import Dataset, read_image
from utils.class_names import names_beside
from utils.errors import UsageError
from utils.files import write_atomically
from utils.interruption import Interruption
from utils.pipeline import arithmetic
from utils.pipeline.begin import Command, begin
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import Finished, craft
from utils.pipeline.devices import find_devices
from utils.pipeline.digest import images_digest, results_digest
from utils.pipeline.folder import open_run_folder
from utils.pipeline.hardware import check_devices
from utils.pipeline.inputs import load_dataset, load_source
from utils.pipeline.participants import Networks, choose_networks
from utils.pipeline.photos import Names, prepare
from utils.pipeline.record import RunRecord
from utils.pipeline.run import Run
from utils.pipeline.session import ORIGINALS, Session

if TYPE_CHECKING:
    from utils.pipeline.judge import Judged


def execute(
    config: RunConfig,
    session: Session | None = None,
    line: str = "",
    class_names: Names | None = None,
) -> Path:
    """Crafts, judges, writes the tables, prints the summary and returns the run's folder.

    Args:
      config: its flags.
      session: what this run shares with others in this process; None: nothing.
      line: the command that run.json names; empty: this process's own.
      class_names: zoo -> its classes' names, label 0 first; None: flags give numbers alone.

    Raises:
      BenchError: what ended it.
    """
    # Judging finds originals decoded as crafting left them.
    session = session or Session(originals=ORIGINALS)
    networks = choose_networks(config)
    print(f"Zoo: {networks.zoo} ({networks.reason}).", flush=True)
    networks, prepared = prepare(config, networks, session, class_names)
    if prepared is not None:
        # A batch is filled up to its size; for one photo that would be work for nothing.
        needed = -(-len(prepared.photos) // config.devices) * config.devices
        config = replace(config, batch_size=min(config.batch_size, needed))
    dataset = load_dataset(config, networks)
    session.expect_originals(len(dataset) * 3 * dataset.side**2)
    configs = {0: config} | config.of_snapshots()
    paths = {n: each.folder(networks.zoo, tuple(networks.sources)) for n, each in configs.items()}
    for path in paths.values():
        if path.resolve() in (networks.input_dir.resolve(), *networks.input_dir.resolve().parents):
            raise UsageError(
                f"--input_dir {networks.input_dir} lies in {path}, which this run writes to: give "
                "another --output_dir."
            )
        _refuse_undecodable(path, networks)
    # These bring pandas; TensorFlow comes with the first use of it. Both take seconds, so that they
    # come only now, when the flags are right and the first line is out.
    from utils.pipeline.summary import summarise

    devices = find_devices(config.devices)
    for note in check_devices(config, devices):
        print(note, flush=True)
    with Interruption() as interruption, ExitStack() as stack:
        folders = {
            number: stack.enter_context(open_run_folder(path, Path(config.output_dir)))
            for number, path in paths.items()
        }
        if config.overwrite and any(map(RunRecord.exists, paths.values())):
            _load_everything(config, networks, dataset, session)
        runs = {}
        for number, folder in folders.items():
            if config.overwrite:
                folder.clear(dataset.ids)
            its_line = line or shlex.join(sys.argv)
            command = Command(configs[number], networks, dataset, devices, its_line, prepared)
            record, awaited = begin(command, folder)
            named = frozenset((*networks.sources, *networks.victims))
            names = names_beside(networks.input_csv)
            runs[number] = Run(record, dataset, folder, interruption, named, awaited, names)
        for run in runs.values():
            run.write()
        load = functools.partial(load_source, config, networks.attacked, session.load)
        # The last iteration's run makes the images of all; the others find theirs made.
        snapshots = {number: run for number, run in runs.items() if number}
        outcomes = [
            _finish(run, functools.partial(craft, run, devices, load, session, taken), session)
            for run, taken in ((runs[0], snapshots), *((run, None) for run in snapshots.values()))
        ]
    print(summarise(runs[0], outcomes[0]))
    if snapshots:
        print("Snapshots:", *(f"{run.folder.path}/" for run in snapshots.values()))
    return paths[0]


def _finish(run: Run, make: Callable[[], Finished], session: Session) -> Judged:
    """Crafts, judges, and writes the tables and the complete record."""
    from utils.pipeline.judge import judge_run
    from utils.pipeline.tables import steps_table, to_csv

    record = run.record
    with _timed(record, "craft"), arithmetic.of_crafting(run.config):
        crafted = make()
    originals = {each.image_id: each.image_sha256 for each in crafted.values()}
    record.images_sha256 = images_digest(originals[each] for each in run.dataset.ids)
    steps = steps_table(crafted.values(), run.modes)
    write_atomically(run.folder.path / "steps.csv", to_csv(steps))
    record.mean_cosine = steps.groupby("mode", sort=False)["mean_cosine"].mean().to_dict()
    with _timed(record, "judge"):
        judged = judge_run(run, session=session)
    made = {key: each.png_sha256 for key, each in crafted.items() if key[0] in run.modes}
    record.results_sha256 = results_digest(made, run)
    record.status = "complete"
    run.awaited.clear()
    run.write()
    return judged


def _refuse_undecodable(path: Path, networks: Networks) -> None:
    """Refuses places that run.json can't hold, before any work rather than after it."""
    checkpoints = (networks.sources | networks.victims).values()
    for place in (path, networks.input_csv, networks.input_dir, *checkpoints):
        try:
            str(place.absolute()).encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{str(place.absolute())!a} is no valid text in UTF-8: rename it, or give another "
                "path."
            ) from error


def _load_everything(
    config: RunConfig, networks: Networks, dataset: Dataset, session: Session
) -> None:
    """Fails where the run would, before anything that an earlier one left is removed."""
    load_source(config, networks.attacked, session.load)
    for name, prefix in networks.victims.items():
        network = networks.short_names.meaning(name)
        session.load(network, prefix, preprocessing=config.victim_preprocessing)
    for image in dataset.paths:
        read_image(image)


@contextmanager
def _timed(record: RunRecord, stage: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    record.seconds[stage] = round(time.monotonic() - started, 2)
