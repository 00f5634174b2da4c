"""One run from configuration to tables."""

import functools
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data import Dataset, read_image
from utils.errors import UsageError
from utils.files import write_atomically
from utils.interruption import Interruption
from utils.pipeline import arithmetic
from utils.pipeline.begin import Command, begin
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import craft
from utils.pipeline.devices import find_devices
from utils.pipeline.digest import images_digest, results_digest
from utils.pipeline.folder import open_run_folder
from utils.pipeline.hardware import check_devices
from utils.pipeline.inputs import load_dataset, load_source
from utils.pipeline.participants import Networks, choose_networks
from utils.pipeline.record import RunRecord
from utils.pipeline.run import Run
from utils.pipeline.session import Session


def execute(config: RunConfig, session: Session | None = None, line: str = "") -> Path:
    """Crafts, judges, writes the tables, prints the summary and returns the run's folder.

    Args:
      config: its flags.
      session: what this run shares with others in this process; None: nothing.
      line: the command that run.json names; empty: this process's own.

    Raises:
      BenchError: what ended it.
    """
    session = session or Session()
    networks = choose_networks(config)
    print(f"Zoo: {networks.zoo} ({networks.reason}).", flush=True)
    dataset = load_dataset(config, networks)
    path = config.folder(networks.zoo, tuple(networks.sources))
    if path.resolve() in (networks.input_dir.resolve(), *networks.input_dir.resolve().parents):
        raise UsageError(
            f"--input_dir {networks.input_dir} lies in {path}, which this run writes to: give "
            "another --output_dir."
        )
    _refuse_undecodable(path, networks)
    # These bring pandas; TensorFlow comes with the first use of it. Both take seconds, so that they
    # come only now, when the flags are right and the first line is out.
    from utils.pipeline.judge import judge_run
    from utils.pipeline.summary import summarise
    from utils.pipeline.tables import steps_table, to_csv

    devices = find_devices(config.devices)
    for note in check_devices(config, devices):
        print(note, flush=True)
    with Interruption() as interruption, open_run_folder(path, Path(config.output_dir)) as folder:
        if config.overwrite and RunRecord.exists(path):
            _load_everything(config, networks, dataset, session)
        if config.overwrite:
            folder.clear(dataset.ids)
        command = Command(config, networks, dataset, devices, line or shlex.join(sys.argv))
        record, awaited = begin(command, folder, session.digest)
        named = frozenset((*networks.sources, *config.victims))
        run = Run(record, dataset, folder, interruption, named, awaited)
        run.write()
        with _timed(record, "craft"), arithmetic.of_crafting(config):
            load = functools.partial(load_source, config, networks.sources, session.load)
            crafted = craft(run, devices, load, session)
        originals = {each.image_id: each.image_sha256 for each in crafted.values()}
        record.images_sha256 = images_digest(originals[each] for each in dataset.ids)
        steps = steps_table(crafted.values(), run.modes)
        write_atomically(path / "steps.csv", to_csv(steps))
        record.mean_cosine = steps.groupby("mode", sort=False)["mean_cosine"].mean().to_dict()
        with _timed(record, "judge"):
            judged = judge_run(run, session=session)
        made = {key: each.png_sha256 for key, each in crafted.items() if key[0] in run.modes}
        record.results_sha256 = results_digest(made, run)
        record.status = "complete"
        run.awaited.clear()
        run.write()
    print(summarise(run, judged))
    return path


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
    load_source(config, networks.sources, session.load)
    for name, prefix in networks.victims.items():
        session.load(name, prefix, preprocessing=config.victim_preprocessing)
    for image in dataset.paths:
        read_image(image)


@contextmanager
def _timed(record: RunRecord, stage: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    record.seconds[stage] = round(time.monotonic() - started, 2)
