"""Adversarial PNGs that another program made, judged into a folder like a run's.

Its modes are the folders that the images came from; the first is what the others are compared with.
"""

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

import models
from data import Dataset, difference_of, read_dataset
from data.batches import read_hashed
from data.foreign_labels import read_foreign_labels
from data.images import png_side, read_bytes
from utils.class_names import first_synonyms
from utils.errors import DataError, UsageError
from utils.files import sha256_of, write_atomically
from utils.hashes import file_sha256
from utils.interruption import Interruption
from utils.pipeline.begin import recorded_network
from utils.pipeline.config import RunConfig
from utils.pipeline.digest import images_digest, results_digest
from utils.pipeline.folder import TABLES, RunFolder, open_run_folder
from utils.pipeline.hardware import environment_of
from utils.pipeline.judge import Judged, judge_run
from utils.pipeline.labels import known_names
from utils.pipeline.names import safe_name
from utils.pipeline.participants import Networks, choose_networks
from utils.pipeline.record import (
    Identity,
    RecordedFlags,
    RecordedImages,
    RecordedNetwork,
    RunRecord,
)
from utils.pipeline.recorded_victims import answering_victims, told_answers
from utils.pipeline.run import CLEAN, Run

REFUSE, DROP, KEEP = POLICIES = ("refuse", "drop", "keep")
UNKNOWN = "unknown"
_NAMED = 5
MISSING, SIZE, BEYOND, BROKEN = "missing", "of another size", "beyond the bound", "broken"


@dataclass(frozen=True)
class Request:
    """What judge_images.py is asked for.

    Attributes:
      folders: name -> folder of adversarial PNGs named like the clean ones; the first is what the
        others are compared with.
      victims: networks, as of attack.py.
      output_dir: the folder that is written.
      input_csv, input_dir, checkpoint_path: as of attack.py; empty: the zoo's own.
      source: the network that they were made on; empty: not known.
      method: what the tables call the attack.
      max_epsilon: the bound that they are held to, in [0, 255] units.
      targeted: whether TargetClass was aimed at.
      policy: of images that are missing, of another size or beyond the bound: "refuse", "drop" (in
        every folder, so that the same images are compared), or "keep" (those beyond the bound).
      limit: the first so many images; None: all.
      label_format, label_offset: of another tool's CSV, as of attack.py.
      batch_size: images at once.
      overwrite: start anew where the folder has results.
    """

    folders: Mapping[str, Path]
    victims: Sequence[str]
    output_dir: Path
    input_csv: str = ""
    input_dir: str = ""
    checkpoint_path: str = ""
    source: str = ""
    method: str = "images"
    max_epsilon: float = 16.0
    targeted: bool = False
    policy: str = REFUSE
    limit: int | None = None
    label_format: str = "auto"
    label_offset: int | None = None
    batch_size: int = 16
    overwrite: bool = False


@dataclass
class Problems:
    """What is the matter with images.

    Attributes:
      found: kind -> "NAME/ID: what", in words.
      ids: kind -> the images.
    """

    found: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)

    def add(self, kind: str, image_id: str, what: str) -> None:
        """Notes one."""
        self.found.setdefault(kind, []).append(what)
        self.ids.setdefault(kind, set()).add(image_id)

    def told(self) -> list[str]:
        """Returns a sentence a kind: how many, and the first ones' names."""
        return [
            f"{len(found)} {kind}: {', '.join(found[:_NAMED])}"
            + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
            for kind, found in self.found.items()
        ]


def judge_images(request: Request) -> tuple[Run, Judged]:
    """Judges the PNGs and writes a folder that tables, figures and the report read.

    Raises:
      UsageError: flags that can't be obeyed, or the folder holds something else.
      DataError: images with problems, where they are to be refused; a CSV that can't be read.
      ModelError, RunError: a victim that can't be used.
    """
    config = _config(request)
    # An attack's configuration, so that each value is checked as attack.py checks it.
    networks = choose_networks(config, attacks=False)
    dataset, missing = _dataset(request, networks)
    problems, digests = _examine(request, dataset)
    for each in missing:
        problems.add(MISSING, "", each)
    dropped = _decide(request, problems)
    dataset = dataset.subset(set(dataset.ids) - dropped)
    if not len(dataset):
        raise DataError("No image is left to judge: " + "; ".join(problems.told()) + ".")
    record = _record(request, networks, dataset, problems, digests)
    _check_answers(record, dataset, digests)
    out = request.output_dir
    with Interruption() as interruption, open_run_folder(out, out) as folder:
        known = _join_earlier(request, folder, record)
        for name, path in request.folders.items():
            index = _index(path)
            for image_id in dataset.ids:
                _copy(index[image_id], folder.png(name, image_id))
        named = frozenset(networks.victims)
        awaited = set(record.victims) - known
        names = first_synonyms(known_names(config, networks))
        run = Run(record, dataset, folder, interruption, named, awaited, names)
        run.write()
        write_atomically(out / "steps.csv", _no_steps(request))
        judged = judge_run(run)
        pngs = {(n, i): digests[n, i] for n in request.folders for i in dataset.ids}
        record.results_sha256 = results_digest(pngs, run)
        record.status = "complete"
        run.awaited.clear()
        run.write()
    return run, judged


def _config(request: Request) -> RunConfig:
    if not request.victims:
        raise UsageError("--victims is empty: name the networks to judge on.")
    flags = {
        "victims": list(request.victims),
        "checkpoint_path": request.checkpoint_path,
        "input_csv": request.input_csv,
        "input_dir": request.input_dir,
        "batch_size": request.batch_size,
        "limit": request.limit,
        "targeted": request.targeted,
        "max_epsilon": request.max_epsilon,
        "label_format": request.label_format,
        "label_offset": request.label_offset,
        "output_dir": str(request.output_dir),
    }
    return RunConfig.of_flags(flags)


def _dataset(request: Request, networks: Networks) -> tuple[Dataset, list[str]]:
    """Returns the clean images, and those of the CSV that aren't there."""
    table, folder, limit = networks.input_csv, networks.input_dir, request.limit
    foreign = None
    if request.input_csv:
        foreign = read_foreign_labels(
            table, networks.max_label, request.label_offset, request.label_format
        )
    if foreign is None:
        found = read_dataset(
            table, folder, networks.max_label, limit, skip_missing=True, targeted=request.targeted
        )
        return found, [f"{found.skipped} clean image(s) in {folder}"] if found.skipped else []
    print(f"{table}: read as {foreign.told()}.", flush=True)
    named = [(row, folder / f"{Path(row.file).stem}.png") for row in foreign.rows[:limit]]
    rows = [row for row, path in named if path.is_file()]
    paths = [path for _, path in named if path.is_file()]
    missing = [path for _, path in named if not path.is_file()]
    if not paths:
        raise DataError(f"No image of {table} is in {folder} as a PNG: check --input_dir.")
    ids = [safe_name(path.stem) for path in paths]
    if len(set(ids)) < len(ids):
        raise DataError(f"{table} names an image twice: keep one of them.")
    targets = [row.target for row in rows]
    if request.targeted and None in targets:
        raise UsageError(f"--targeted needs a target for every image of {table}.")
    found = Dataset(
        ids=tuple(ids),
        paths=tuple(paths),
        true_labels=np.array([row.label for row in rows], np.int32),
        target_classes=None if None in targets else np.array(targets, np.int32),
        side=png_side(paths[0]),
        csv_sha256=sha256_of(table),
        skipped=len(missing),
    )
    return found, [f"clean {path.name}" for path in missing]


def _examine(request: Request, dataset: Dataset) -> tuple[Problems, dict[tuple[str, str], str]]:
    """Compares every PNG with its clean one.

    Returns:
      What is the matter, and (name, image id) -> SHA-256 of each sound PNG.
    """
    problems, digests = Problems(), {}
    indices = {name: _index(folder) for name, folder in request.folders.items()}
    for image_id, path in zip(dataset.ids, dataset.paths, strict=True):
        try:
            clean, _ = read_hashed(path)
        except DataError as error:
            problems.add(BROKEN, image_id, str(error).removesuffix("."))
            continue
        for name, index in indices.items():
            what = f"{name}/{image_id}"
            if image_id not in index:
                problems.add(MISSING, image_id, what)
                continue
            try:
                pixels, digest = read_hashed(index[image_id])
            except DataError as error:
                problems.add(BROKEN, image_id, str(error).removesuffix("."))
                continue
            if pixels.shape != clean.shape:
                problems.add(SIZE, image_id, f"{what} ({len(pixels)}, clean {len(clean)})")
                continue
            digests[name, image_id] = digest
            if (linf := difference_of(pixels, clean)[0].max()) > request.max_epsilon:
                problems.add(BEYOND, image_id, f"{what} (by {linf})")
    for name, index in indices.items():
        if others := len(index.keys() - set(dataset.ids)):
            print(f"Note: {others} PNG(s) of {name} are of no image of the CSV.", flush=True)
    return problems, digests


def _index(folder: Path) -> dict[str, Path]:
    """Returns image id -> PNG of a folder.

    Raises:
      UsageError: it is none, or can't be read.
    """
    if not folder.is_dir():
        raise UsageError(f"--adversarial_dir {folder} is no folder: give one with PNGs.")
    try:
        files = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".png")
    except OSError as error:
        raise UsageError(f"--adversarial_dir {folder} can't be read: {error.strerror}.") from error
    if not files:
        raise UsageError(f"--adversarial_dir {folder} holds no PNG: give a folder with PNGs.")
    return {safe_name(each.stem): each for each in files}


def _decide(request: Request, problems: Problems) -> set[str]:
    """Returns the images to leave out; tells of them.

    Raises:
      DataError: there are problems, and they are to be refused.
    """
    if not problems.found:
        return set()
    told = "; ".join(problems.told())
    if request.policy == REFUSE:
        raise DataError(
            f"Of these images, {told}. --on_problem drop leaves them out in every folder; keep "
            "does, but judges those beyond the bound."
        )
    dropped = {
        image_id
        for kind, ids in problems.ids.items()
        for image_id in ids
        if kind != BEYOND or request.policy == DROP
    }
    for kind, sentence in zip(problems.found, problems.told(), strict=True):
        kept = kind == BEYOND and request.policy == KEEP
        print(f"{'Kept' if kept else 'Left out in every folder'}: {sentence}.", flush=True)
    return dropped


def _record(
    request: Request,
    networks: Networks,
    dataset: Dataset,
    problems: Problems,
    digests: Mapping[tuple[str, str], str],
) -> RunRecord:
    source = request.source or UNKNOWN
    flags: dict[str, Any] = {
        "method": request.method,
        "source": [source],
        "zoo": networks.zoo,
        "max_epsilon": float(request.max_epsilon),
        "targeted": request.targeted,
        "num_iter": 0,
        "seed": 0,
    }
    where = {
        "input_csv": str(networks.input_csv.absolute()),
        "input_dir": str(networks.input_dir.absolute()),
        "batch_size": request.batch_size,
    }
    images = images_digest(map(file_sha256, dataset.paths))
    content = {"--input_csv": dataset.csv_sha256, "the clean images": images}
    for name in request.folders:
        content[f"--adversarial_dir {name}"] = images_digest(digests[name, i] for i in dataset.ids)
    environment = environment_of(["/CPU:0"])
    return RunRecord(
        status="unfinished",
        zoo=networks.zoo,
        identity=Identity(flags=flags, content=content),
        flags=RecordedFlags(**(flags | where)),
        modes=list(request.folders),
        sources={source: _source(request, source, networks.short_names)},
        victims={
            name: recorded_network(name, at, networks.short_names)
            for name, at in networks.victims.items()
        },
        images=len(dataset),
        side=dataset.side,
        method_title=request.method,
        skipped_images=dataset.skipped,
        commands=[shlex.join(sys.argv)],
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        images_sha256=content["the clean images"],
        judged_images=RecordedImages(
            folders={name: str(path.absolute()) for name, path in request.folders.items()},
            policy=request.policy,
            problems=problems.found,
        ),
        **dict(environment),
    )


def _check_answers(
    record: RunRecord, dataset: Dataset, digests: Mapping[tuple[str, str], str]
) -> None:
    """Refuses files of answers that don't fit the images, before anything is written.

    Raises:
      DataError: as `read_answers`.
    """
    clean = zip(dataset.ids, dataset.paths, strict=True)
    pngs = {(CLEAN, image_id): file_sha256(path) for image_id, path in clean}
    pngs |= {(name, i): digests[name, i] for name in record.modes for i in dataset.ids}
    run = Run(record, dataset, RunFolder(Path()))
    for victim in answering_victims(run):
        told_answers(run, victim, pngs)


def _source(request: Request, name: str, short: models.ShortNames) -> RecordedNetwork:
    """What is known of the network that was attacked: its checkpoint only where that is here."""
    row, at = models.NETWORKS.get(name), None
    if row and request.checkpoint_path:
        at = models.find_checkpoint(name, request.checkpoint_path)
    if at is not None:
        return recorded_network(name, at, short)
    accuracy = row.clean_accuracy if row else None
    return RecordedNetwork(checkpoint="", sha256={}, published_accuracy=accuracy)


def _join_earlier(request: Request, folder: RunFolder, record: RunRecord) -> set[str]:
    """Makes sure that the folder is empty, of the same images, or may be started anew.

    Returns:
      The victims that have judged these images before; they stay.

    Raises:
      UsageError: it holds something else, or links lead out of it.
    """
    for name in request.folders:
        if (folder.path / name).is_symlink():
            raise UsageError(f"{folder.path / name} is a symbolic link: remove it.")
    earlier = RunRecord.read(folder.path)
    if earlier is None:
        if held := next((n for n in request.folders if (folder.path / n).exists()), None):
            raise UsageError(
                f"{folder.path / held} is there already, without a run.json: give another "
                "--output_dir."
            )
        return set()
    if earlier.judged_images is None:
        raise UsageError(
            f"{folder.path} holds a run of attack.py: give another --output_dir, or "
            "`python scripts/judge.py` to judge it anew."
        )
    if not request.overwrite:
        record.identity.check_continues(earlier.identity, folder.path)
        record.victims = earlier.victims | record.victims
        return set(earlier.victims)
    for mode in earlier.modes:
        if is_name(mode) and not (folder.path / mode).is_symlink():
            for png in (folder.path / mode).glob("*.png"):
                png.unlink()
    for name in TABLES:
        (folder.path / name).unlink(missing_ok=True)
    return set()


def is_name(text: str) -> bool:
    """Whether images from a folder can be called so: it is a mode's name, and a folder's."""
    return text != CLEAN and bool(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}", text))


def _copy(path: Path, target: Path) -> None:
    content = read_bytes(path)
    try:
        if target.stat().st_size == len(content) and target.read_bytes() == content:
            return
    except OSError:
        # What can't be read is written anew.
        pass
    write_atomically(target, content)


def _no_steps(request: Request) -> bytes:
    # Nobody knows the steps that others took: a row a mode, without a figure.
    rows = "".join(f"{name},1,\n" for name in request.folders)
    return f"mode,iteration,mean_cosine\n{rows}".encode()
