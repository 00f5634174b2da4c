"""How a run begins in a folder where another may have been: what is kept, what is refused."""

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import models
from data import Dataset
from methods import MODES, parse_method
from utils.errors import UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import finished_images
from utils.pipeline.environments import changes
from utils.pipeline.folder import RunFolder
from utils.pipeline.hardware import environment_of
from utils.pipeline.moving import PATH_FLAGS
from utils.pipeline.participants import Networks
from utils.pipeline.provenance import program_commit, threads
from utils.pipeline.record import (
    Environment,
    Identity,
    Preparation,
    RecordedFlags,
    RecordedNetwork,
    RunRecord,
)
from utils.success import REFERENCE
from utils.text import one_line


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


@dataclass(frozen=True)
class Command:
    """What one command asks for.

    Attributes:
      config: its flags.
      networks: sources and victims.
      dataset: the images.
      devices: what it crafts on.
      line: what run.json has as the command.
      prepared: how the images were made, where the user gave others.
    """

    config: RunConfig
    networks: Networks
    dataset: Dataset
    devices: list[str]
    line: str
    prepared: Preparation | None = None


def begin(command: Command, folder: RunFolder) -> tuple[RunRecord, set[str]]:
    """Joins a command with what an earlier one left in the folder.

    Returns:
      The record of the run, and the victims that no earlier command has loaded.

    Raises:
      UsageError: the earlier run is another one.
    """
    config, networks, dataset = command.config, command.networks, command.dataset
    identity = identity_of(config, networks, dataset.csv_sha256)
    earlier = folder.read_earlier(identity)
    used = {
        name: recorded_network(name, at, networks.short_names)
        for name, at in (networks.sources | networks.victims).items()
    }
    victims = {name: used[name] for name in networks.victims}
    refuse_one_content((earlier.victims if earlier else {}) | used)
    if earlier is not None:
        _check_victims(earlier, used, folder)
        config = _continued(command, earlier, folder)
    modes = _all_modes(config, dataset, folder, earlier)
    if earlier is not None:
        _leave_out_answers(earlier, modes, len(dataset), folder)
        if kept := [name for name in earlier.victims if name not in victims]:
            names = one_line(", ".join(kept))
            print(f"Victims of earlier commands stay in the tables: {names}.", flush=True)
    flags = config.all_flags() | identity.flags
    flags |= {"input_csv": str(networks.input_csv), "input_dir": str(networks.input_dir)}
    flags |= {name: str(Path(flags[name]).absolute()) for name in PATH_FLAGS if flags[name]}
    environment = environment_of(command.devices)
    record = RunRecord(
        status="unfinished",
        zoo=networks.zoo,
        identity=identity,
        flags=RecordedFlags(**flags),
        modes=modes,
        sources={name: used[name] for name in networks.sources},
        victims=(earlier.victims if earlier else {}) | victims,
        images=len(dataset),
        side=dataset.side,
        method_title=parse_method(config.method).title(),
        skipped_images=dataset.skipped,
        commands=(earlier.commands if earlier else []) + [command.line],
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **dict(environment),
        git_commit=program_commit(),
        threads=threads(),
        earlier_environments=_earlier_environments(earlier, environment, folder),
        prepared=command.prepared or (earlier.prepared if earlier else None),
    )
    return record, set(victims) - set(earlier.victims if earlier else ())


def recorded_network(name: str, checkpoint: Path, short: models.ShortNames) -> RecordedNetwork:
    """Returns what run.json tells of a source or victim.

    Raises:
      DataError: the checkpoint can't be read.
    """
    # Behind a defence a network has another accuracy than the published one.
    row = models.NETWORKS.get(name)
    # A network that Keras fetches has no place of its own.
    place = checkpoint if checkpoint == models.FETCHED_BY_KERAS else checkpoint.resolve()
    return RecordedNetwork(
        checkpoint=str(place),
        sha256=models.checkpoint_sha256(checkpoint),
        published_accuracy=row.clean_accuracy if row else None,
        stands_for=short.meanings.get(models.split_defences(name)[0], ""),
    )


def refuse_one_content(networks: dict[str, RecordedNetwork]) -> None:
    """Refuses one checkpoint under two names of the zoo, whether it is copied or linked there.

    Raises:
      UsageError: there is one.
    """
    names: dict[tuple[str, ...], str] = {}
    for name, network in networks.items():
        name = network.stands_for or models.split_defences(name)[0]
        if name not in models.NETWORKS or not network.sha256:
            continue
        other = names.setdefault(tuple(network.sha256.values()), name)
        if other != name:
            raise UsageError(
                f"The checkpoints of {other} and {name} are the same, byte for byte, and one "
                "network is no two: put each one's own in its place, or leave one out of --victims."
            )


def _check_victims(earlier: RunRecord, used: dict[str, RecordedNetwork], folder: RunFolder) -> None:
    for name, before in earlier.victims.items():
        if name in used and used[name].sha256 != before.sha256:
            raise UsageError(
                f"The checkpoint of {name} is another than the one that {folder.path} has judged "
                "with (its SHA-256 differs): give another --output_dir, or --overwrite to start "
                "anew."
            )


def _continued(command: Command, earlier: RunRecord, folder: RunFolder) -> RunConfig:
    """Returns the command's flags; with more images than before, all modes are run on them.

    Raises:
      UsageError: there are fewer images than before, which would be left without figures.
    """
    config, count = command.config, len(command.dataset)
    if count < earlier.images:
        raise UsageError(
            f"These are {count} images, but {folder.path} holds a run on {earlier.images}: give no "
            "--limit or a larger one, another --output_dir, or --overwrite to start anew."
        )
    more = tuple(mode for mode in earlier.modes if mode in MODES and mode not in config.modes)
    if count == earlier.images or not more:
        return config
    print(f"{', '.join(more)} of earlier commands: run on the new images, too.", flush=True)
    return replace(config, mode=(*config.modes, *more))


def _leave_out_answers(
    earlier: RunRecord, modes: list[str], images: int, folder: RunFolder
) -> None:
    """Takes files of answers out of an earlier record where there are images they don't know."""
    if images == earlier.images and set(modes) <= set(earlier.modes):
        return
    told = {name for name, network in earlier.victims.items() if network.stands_for_answers(name)}
    if not told:
        return
    for name in told:
        del earlier.victims[name]
    folder.judged.keep(lambda each: each.victim not in told)
    names = one_line(", ".join(sorted(told)))
    print(
        f"Left out of the tables: {names}, with answers to the images of before alone. Have the "
        f"program answer to all, and give the file to `python scripts/judge.py {folder.path} "
        "--victims`.",
        flush=True,
    )


def _earlier_environments(
    earlier: RunRecord | None, environment: Environment, folder: RunFolder
) -> list[Environment]:
    """Returns those of earlier commands in the folder, and says where the last one differs."""
    if earlier is None:
        return []
    before = earlier.environment
    if not (changed := changes(before, environment)):
        return earlier.earlier_environments
    told = one_line(", ".join(changed))
    print(
        f"Note: {folder.path} was begun in another environment ({told}): its images "
        "need not be what this one would make. run.json keeps both.",
        flush=True,
    )
    return [*earlier.earlier_environments, before]


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
