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
from data import Dataset
from utils.files import write_atomically
from utils.interruption import Interruption
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import craft, finished_images
from utils.pipeline.devices import find_devices
from utils.pipeline.folder import RunFolder, open_run_folder
from utils.pipeline.inputs import load_dataset, load_source
from utils.pipeline.judge import judge_run
from utils.pipeline.participants import Networks, choose_networks
from utils.pipeline.summary import summarise
from utils.pipeline.tables import steps_table, to_csv

_PACKAGES = ("tensorflow", "tf-slim", "numpy", "pillow", "pandas", "scipy")


def run(config: RunConfig) -> Path:
    """Crafts, judges, writes the tables and prints the summary.

    Args:
      config: what to do.

    Returns:
      The run's folder.

    Raises:
      One of utils.errors.FRIENDLY.
    """
    devices = find_devices(config.devices)
    networks = choose_networks(config)
    print(f"Zoo: {networks.zoo} ({networks.reason}).", flush=True)
    dataset = load_dataset(config, networks)
    path = config.folder(networks.zoo, tuple(networks.sources))
    with Interruption() as interruption, open_run_folder(path, Path(config.output_dir)) as folder:
        if config.overwrite:
            folder.clear()
        record = _begin(config, networks, dataset, devices, folder)
        folder.write_run(record)
        with _timed(record, "craft"):
            crafted = craft(
                config,
                dataset,
                devices,
                lambda: load_source(config, networks.sources),
                folder,
                interruption,
            )
        steps = steps_table(crafted.values(), record["modes"])
        write_atomically(folder.path / "steps.csv", to_csv(steps))
        record["mean_cosine"] = steps.groupby("mode", sort=False)["mean_cosine"].mean().to_dict()
        with _timed(record, "judge"):
            judged = judge_run(record, dataset, folder, interruption)
        record["status"] = "complete"
        folder.write_run(record)
    print(summarise(judged, record, folder.path))
    return folder.path


def identity_of(config: RunConfig, networks: Networks, csv_sha256: str) -> dict[str, dict]:
    """Returns what a folder's results must agree in: the recipe's flags and the files' SHA-256."""
    return {
        "flags": config.recipe() | {"source": list(networks.sources), "zoo": networks.zoo},
        "content": {"--input_csv": csv_sha256}
        | {
            f"the checkpoint of {name}": models.checkpoint_sha256(prefix)
            for name, prefix in networks.sources.items()
        },
    }


def _begin(
    config: RunConfig,
    networks: Networks,
    dataset: Dataset,
    devices: list[str],
    folder: RunFolder,
) -> dict:
    """Returns the content of run.json, joined with what an earlier run left in the folder.

    Raises:
      UsageError: the earlier run is another one.
    """
    prefixes = networks.sources | networks.victims
    digests = {name: models.checkpoint_sha256(prefix) for name, prefix in prefixes.items()}
    identity = identity_of(config, networks, dataset.csv_sha256)
    folder.check_same(identity)
    earlier = folder.read_run() or {}
    described = {
        name: {"checkpoint": _place(prefix), "sha256": digests[name]}
        for name, prefix in prefixes.items()
    }
    victims = {name: described[name] for name in networks.victims}
    flags = config.all_flags() | identity["flags"]
    flags |= {"input_csv": str(networks.input_csv), "input_dir": str(networks.input_dir)}
    return {
        "status": "unfinished",
        "zoo": networks.zoo,
        "identity": identity,
        "flags": flags,
        "modes": _all_modes(config, dataset, folder, earlier),
        "sources": {name: described[name] for name in networks.sources},
        "victims": earlier.get("victims", {}) | victims,
        "images": len(dataset),
        "skipped_images": dataset.skipped,
        "side": dataset.side,
        "commands": earlier.get("commands", []) + [shlex.join(sys.argv)],
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
        "device": devices,
        "seconds": {},
    }


def _place(prefix: Path) -> str:
    # A network that Keras fetches has no place of its own.
    return str(prefix if prefix == models.FETCHED_BY_KERAS else prefix.resolve())


def _all_modes(config: RunConfig, dataset: Dataset, folder: RunFolder, earlier: dict) -> list[str]:
    """Returns this run's modes after those of earlier runs whose images are all there."""
    finished = finished_images(folder, dataset) if earlier else {}
    kept = [
        mode
        for mode in earlier.get("modes", [])
        if mode not in config.modes
        and all((mode, image_id) in finished for image_id in dataset.ids)
    ]
    modes = [*config.modes, *kept]
    # Sign stands first in every table: the others are compared with it.
    return sorted(modes, key=lambda mode: (mode != "sign", modes.index(mode)))


@contextmanager
def _timed(record: dict, stage: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    record["seconds"][stage] = round(time.monotonic() - started, 2)
