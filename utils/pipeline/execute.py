"""One run from configuration to tables."""

import platform
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import models
from data import Dataset, read_image
from methods import parse_method
from utils.errors import UsageError
from utils.files import write_atomically
from utils.interruption import Interruption
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import craft, finished_images
from utils.pipeline.devices import find_devices
from utils.pipeline.digest import images_digest, results_digest
from utils.pipeline.folder import RunFolder, open_run_folder
from utils.pipeline.inputs import load_dataset, load_source
from utils.pipeline.judge import judge_run
from utils.pipeline.participants import Networks, choose_networks
from utils.pipeline.record import Environment, Identity, RecordedFlags, RecordedNetwork, RunRecord
from utils.pipeline.run import Run
from utils.pipeline.summary import summarise
from utils.pipeline.tables import steps_table, to_csv
from utils.success import REFERENCE

_PACKAGES = ("tensorflow", "tf-slim", "numpy", "pillow", "pandas", "scipy")


def execute(config: RunConfig) -> Path:
    """Crafts, judges, writes the tables, prints the summary and returns the run's folder.

    Raises:
      BenchError: what ended it.
    """
    devices = find_devices(config.devices)
    networks = choose_networks(config)
    print(f"Zoo: {networks.zoo} ({networks.reason}).", flush=True)
    dataset = load_dataset(config, networks)
    path = config.folder(networks.zoo, tuple(networks.sources))
    if path.resolve() in (networks.input_dir.resolve(), *networks.input_dir.resolve().parents):
        raise UsageError(
            f"--input_dir {networks.input_dir} lies in {path}, which this run writes to: give "
            "another --output_dir."
        )
    with Interruption() as interruption, open_run_folder(path, Path(config.output_dir)) as folder:
        if config.overwrite and RunRecord.exists(path):
            _load_everything(config, networks, dataset)
        if config.overwrite:
            folder.clear(dataset.ids)
        record = _begin(config, networks, dataset, devices, folder)
        record.write(path)
        named = frozenset((*networks.sources, *config.victims))
        run = Run(record, dataset, folder, interruption, named)
        with _timed(record, "craft"):
            crafted = craft(run, devices, lambda: load_source(config, networks.sources))
        originals = {each.image_id: each.image_sha256 for each in crafted.values()}
        record.images_sha256 = images_digest(originals[each] for each in dataset.ids)
        steps = steps_table(crafted.values(), run.modes)
        write_atomically(path / "steps.csv", to_csv(steps))
        record.mean_cosine = steps.groupby("mode", sort=False)["mean_cosine"].mean().to_dict()
        with _timed(record, "judge"):
            judged = judge_run(run)
        made = {key: each.png_sha256 for key, each in crafted.items() if key[0] in run.modes}
        record.results_sha256 = results_digest(made, run)
        record.status = "complete"
        record.write(path)
    print(summarise(run, judged))
    return path


def _load_everything(config: RunConfig, networks: Networks, dataset: Dataset) -> None:
    """Fails where the run would, before anything that an earlier one left is removed."""
    load_source(config, networks.sources)
    for name, prefix in networks.victims.items():
        models.load_classifier(name, prefix, preprocessing=config.victim_preprocessing)
    for image in dataset.paths:
        read_image(image)


def identity_of(config: RunConfig, networks: Networks, csv_sha256: str) -> Identity:
    """Returns what a folder's results must agree in: the recipe's flags and the files' SHA-256."""
    checkpoints = {
        f"the checkpoint of {name}": models.checkpoint_sha256(prefix)
        for name, prefix in networks.sources.items()
    }
    return Identity(
        flags=config.recipe() | {"source": list(networks.sources), "zoo": networks.zoo},
        content={"--input_csv": csv_sha256} | checkpoints,
    )


def _begin(
    config: RunConfig,
    networks: Networks,
    dataset: Dataset,
    devices: list[str],
    folder: RunFolder,
) -> RunRecord:
    """Returns the record of this run, joined with what an earlier one left in the folder.

    Raises:
      UsageError: the earlier run is another one.
    """
    identity = identity_of(config, networks, dataset.csv_sha256)
    earlier = folder.read_earlier(identity)
    networks_used = {
        name: RecordedNetwork(
            checkpoint=_place(prefix),
            sha256=models.checkpoint_sha256(prefix),
            published_accuracy=getattr(models.get_network(name), "clean_accuracy", None),
        )
        for name, prefix in (networks.sources | networks.victims).items()
    }
    for name, before in (earlier.victims if earlier else {}).items():
        if name in networks_used and networks_used[name].sha256 != before.sha256:
            raise UsageError(
                f"The checkpoint of {name} is another than the one that {folder.path} has judged "
                "with (its SHA-256 differs): give another --output_dir, or --overwrite to start "
                "anew."
            )
    flags = config.all_flags() | identity.flags
    flags |= {"input_csv": str(networks.input_csv), "input_dir": str(networks.input_dir)}
    victims = {name: networks_used[name] for name in networks.victims}
    environment = Environment(
        versions={name: version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
        device=devices,
    )
    return RunRecord(
        status="unfinished",
        zoo=networks.zoo,
        identity=identity,
        flags=RecordedFlags(**flags),
        modes=_all_modes(config, dataset, folder, earlier),
        sources={name: networks_used[name] for name in networks.sources},
        victims=(earlier.victims if earlier else {}) | victims,
        images=len(dataset),
        side=dataset.side,
        method_title=parse_method(config.method).title(),
        skipped_images=dataset.skipped,
        commands=(earlier.commands if earlier else []) + [shlex.join(sys.argv)],
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **dict(environment),
        earlier_environments=_earlier_environments(earlier, environment, folder),
    )


def _earlier_environments(
    earlier: RunRecord | None, environment: Environment, folder: RunFolder
) -> list[Environment]:
    """Returns those of earlier commands in the folder, and says where the last one differs."""
    if earlier is None:
        return []
    before = earlier.environment
    if before == environment:
        return earlier.earlier_environments
    then, now = ({**each.versions, "device": each.device} for each in (before, environment))
    changes = [
        f"{name} {then.get(name)} -> {now[name]}" for name in now if now[name] != then.get(name)
    ]
    print(
        f"Note: {folder.path} was begun in another environment ({', '.join(changes)}): its images "
        "need not be what this one would make. run.json keeps both.",
        flush=True,
    )
    return [*earlier.earlier_environments, before]


def _place(prefix: Path) -> str:
    # A network that Keras fetches has no place of its own.
    return str(prefix if prefix == models.FETCHED_BY_KERAS else prefix.resolve())


def _all_modes(
    config: RunConfig, dataset: Dataset, folder: RunFolder, earlier: RunRecord | None
) -> list[str]:
    """Returns this run's modes after those of earlier runs whose images are all there."""
    finished = finished_images(folder, dataset) if earlier else {}
    kept = [
        mode
        for mode in (earlier.modes if earlier else ())
        if mode not in config.modes
        and all((mode, image_id) in finished for image_id in dataset.ids)
    ]
    modes = [*config.modes, *kept]
    # The reference stands first in every table.
    return sorted(modes, key=lambda mode: (mode != REFERENCE, modes.index(mode)))


@contextmanager
def _timed(record: RunRecord, stage: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    record.seconds[stage] = round(time.monotonic() - started, 2)
