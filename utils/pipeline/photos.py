"""Photos without a CSV of this program's kind, made into what every run has.

That is a folder of square PNGs of one side and a CSV of labels, kept beside the results. What comes
after (crafting, judging, verifying, tables) knows of nothing else.
"""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from pydantic import ValidationError

import models
from data import Photo, decode_photo, write_image
from data.foreign_labels import ForeignLabel, ForeignLabels, read_foreign_labels
from data.photos import read_photo_bytes
from utils.errors import DataError, UsageError
from utils.files import open_regular, sha256_of, write_atomically
from utils.pipeline.config import RunConfig
from utils.pipeline.devices import find_devices
from utils.pipeline.folder import refuse_links
from utils.pipeline.inputs import load_source
from utils.pipeline.labels import parse_class
from utils.pipeline.names import safe_name
from utils.pipeline.participants import ZOOS, Networks
from utils.pipeline.record import Preparation, RecordedPhoto, RunRecord
from utils.pipeline.session import Session

Names = Callable[[str], Sequence[str]]

_LABELS, _RECORD, _IMAGES = "labels.csv", "prepared.json", "images"
_MOST_BYTES = 1 << 26
_NAMED = 5


@dataclass(frozen=True)
class Labelled:
    """An image file and what is known of it.

    Attributes:
      image_id: what its PNG and its row are called.
      path: the file.
      label, target: in the CSV's convention; None where nobody said.
    """

    image_id: str
    path: Path
    label: int | None = None
    target: int | None = None


def prepare(
    config: RunConfig, networks: Networks, session: Session, names: Names | None = None
) -> tuple[Networks, Preparation | None]:
    """Makes what a run takes of the images that the flags name.

    Args:
      config: the flags.
      networks: sources, and the images' place so far.
      session: loads the source where its prediction is to be the label.
      names: zoo -> its classes' names, label 0 first; None where names can't be given.

    Returns:
      The networks with the place of the PNGs and the CSV that were made, and how; as they came and
      None where the flags name a CSV and PNGs of this program's kind.

    Raises:
      UsageError: flags that contradict each other, or a label that is no class.
      DataError: an image or a folder that can't be used.
    """
    if config.image and (config.input_csv or config.input_dir):
        raise UsageError("--image is one photo: leave --input_csv and --input_dir out, or --image.")
    foreign = None
    if config.input_csv:
        foreign = read_foreign_labels(
            networks.input_csv, networks.max_label, config.label_offset, config.label_format
        )
    if config.label_offset is not None and foreign is None:
        raise UsageError(
            "--label_offset is for the --input_csv of another tool; TrueLabel counts from 1."
        )
    if foreign is not None:
        if config.true_label:
            raise UsageError("--true_label is for images without labels; --input_csv has them.")
        return _Preparing(config, networks, session).of_labels(foreign)
    if config.image:
        if Path(config.image).is_dir():
            raise UsageError(f"--image {config.image} is a folder: give it as --input_dir.")
        found = [Path(config.image)]
    elif config.input_dir and not config.input_csv and not _is_default_csv_of(networks):
        found = _image_files(networks.input_dir)
    else:
        if config.true_label:
            raise UsageError(
                "--true_label is for --image, or an --input_dir without labels: labels of other "
                "images stand in --input_csv."
            )
        return networks, None
    if config.attack.targeted:
        raise UsageError("--targeted needs a TargetClass for every image: give an --input_csv.")
    label = None
    if config.true_label:
        known = () if names is None else _names_for(config.true_label, networks.zoo, names)
        label = parse_class(config.true_label, "true_label", networks.max_label, known)
    items = [Labelled(image_id, path, label) for image_id, path in ids_of(found).items()]
    return _Preparing(config, networks, session).done(items)


def _names_for(text: str, zoo: str, names: Names) -> Sequence[str]:
    # Names may have to be fetched; a number needs none.
    return () if text.strip().lstrip("+-").isdecimal() else names(zoo)


class _Preparing:
    """One set of images on its way to PNGs and a CSV."""

    def __init__(
        self,
        config: RunConfig,
        networks: Networks,
        session: Session,
    ) -> None:
        self._config, self._networks, self._session = config, networks, session
        self._items: list[Labelled] = []
        self._missing = 0
        self._run = config.folder(networks.zoo, tuple(networks.sources))
        self._made_from = config.image or config.input_csv or str(networks.input_dir)

    def of_labels(self, labels: ForeignLabels) -> tuple[Networks, Preparation]:
        """Finds the images of another tool's label file, then as `done`."""
        csv_path = self._networks.input_csv
        print(f"{csv_path}: read as {labels.told()}.", flush=True)
        folder = self._networks.input_dir if self._config.input_dir else csv_path.parent
        if not folder.is_dir():
            raise DataError(f"--input_dir {folder} is no folder: give the one with the images.")
        found: dict[Path, ForeignLabel] = {}
        missing = []
        for row in labels.rows:
            path = _find(folder, row.file)
            if path is None:
                missing.append(row.file)
            elif found.setdefault(path, row) is not row:
                raise DataError(f"{csv_path} names {row.file} twice: keep one of them.")
        if missing and not self._config.skip_missing_images:
            raise DataError(
                f"Image {missing[0][:200]!a} of {csv_path} is missing in {folder} ({len(missing)} "
                "in all): give --input_dir, or --skip_missing_images to leave these rows out."
            )
        if not found:
            raise DataError(f"No image of {csv_path} is in {folder}: check --input_dir.")
        if missing:
            shown = ", ".join(f"{each[:80]!a}" for each in missing[:_NAMED])
            more = ", ..." if len(missing) > _NAMED else ""
            print(f"Left out, missing in {folder}: {len(missing)} image(s) ({shown}{more}).")
        self._missing = len(missing)
        names = ids_of(list(found))
        return self.done(
            [
                Labelled(image_id, path, found[path].label, found[path].target)
                for image_id, path in names.items()
            ]
        )

    def done(self, items: list[Labelled]) -> tuple[Networks, Preparation]:
        """Makes the PNGs and the CSV, or finds them made; tells of them."""
        self._items = items
        side = self._side()
        contents = self._readable()
        name = f"{safe_name(Path(self._made_from).resolve().stem)}-{self._digest(side, contents)}"
        place = self._run.parents[1] / "inputs" / name
        refuse_links(place, Path(self._config.output_dir))
        prepared = _read(place)
        if prepared is None:
            prepared = self._make(place, side)
        networks = replace(self._networks, input_csv=place / _LABELS, input_dir=place / _IMAGES)
        self._refuse_another(networks.input_csv)
        print(_told(prepared, side, place), flush=True)
        return networks, prepared

    def _side(self) -> int:
        sides = [
            self._source().side
            for name in self._networks.attacked
            if name.startswith("saved_model:")
        ]
        return max(sides, default=ZOOS[self._networks.zoo].side)

    def _source(self) -> models.Classifier | models.Ensemble:
        # Before TensorFlow computes anything: then devices can't be made any more.
        find_devices(self._config.devices)
        return load_source(self._config, self._networks.attacked, self._session.load)

    def _readable(self) -> dict[str, str]:
        """Returns image id -> SHA-256 of the file; drops those that can't be read, if it may."""
        found, problems = {}, []
        for item in self._items:
            try:
                found[item.image_id] = hashlib.sha256(read_photo_bytes(item.path)).hexdigest()
            except DataError as error:
                problems.append((item, error))
        self._leave_out(problems)
        return found

    def _leave_out(self, problems: list[tuple[Labelled, DataError]]) -> None:
        if not problems:
            return
        first = str(problems[0][1]).removesuffix(".")
        if len(problems) == len(self._items):
            raise DataError(f"{first}. No image is left." if len(problems) > 1 else f"{first}.")
        if not self._config.skip_missing_images:
            more = f" ({len(problems)} such images in all)" if len(problems) > 1 else ""
            raise DataError(
                f"{first}{more}; --skip_missing_images leaves such images out and goes on."
            )
        out = {item.image_id for item, _ in problems}
        self._items = [item for item in self._items if item.image_id not in out]
        for _, error in problems[:_NAMED]:
            print(f"Left out: {error}", flush=True)
        if len(problems) > _NAMED:
            print(f"Left out: {len(problems) - _NAMED} more such images.", flush=True)

    def _digest(self, side: int, contents: dict[str, str]) -> str:
        """Returns what tells these PNGs and labels from others, before they are made."""
        asked: dict[str, object] = {
            "side": side,
            "images": [
                (item.image_id, contents[item.image_id], item.label, item.target)
                for item in self._items
            ],
        }
        if any(item.label is None for item in self._items):
            sources = self._networks.sources.items()
            asked["labels by"] = {name: models.checkpoint_sha256(path) for name, path in sources}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]

    def _make(self, place: Path, side: int) -> Preparation:
        photos: dict[str, RecordedPhoto] = {}
        problems = []
        for item in self._items:
            try:
                photo = decode_photo(read_photo_bytes(item.path), item.path, side)
            except DataError as error:
                problems.append((item, error))
                continue
            write_image(_png(place, item), photo.pixels)
            photos[item.image_id] = _recorded(item, photo)
        self._leave_out(problems)
        labels, said = self._labels(place)
        write_atomically(place / _LABELS, _csv(self._items, labels, photos))
        prepared = Preparation(
            made_from=str(Path(self._made_from).absolute()),
            how=f"the centre square, resized with antialiasing (Lanczos) to {side} x {side}",
            labels=said,
            left_out=len(problems) + self._missing,
            photos=photos,
        )
        # Last: it says that all of it is there.
        write_atomically(place / _RECORD, (prepared.model_dump_json(indent=1) + "\n").encode())
        return prepared

    def _labels(self, place: Path) -> tuple[dict[str, int], str]:
        """Returns image id -> label, and who said so."""
        labels = {item.image_id: item.label for item in self._items if item.label is not None}
        unknown = [item for item in self._items if item.label is None]
        if not unknown:
            said = "--true_label" if self._config.true_label else f"that of {self._made_from}"
            return labels, said
        source = self._source()
        # An ensemble has what a judge asks of a classifier.
        judge = self._session.judge(cast(models.Classifier, source))
        size = self._config.batch_size
        paths = [_png(place, item) for item in unknown]
        for start, answers in judge.predict(paths, size, range(0, len(paths), size)):
            for item, answer in zip(unknown[start:], answers, strict=False):
                # Background is no class of an image.
                labels[item.image_id] = next(label for label in answer.labels if label > 0)
        return labels, f"the clean prediction of {source.name}"

    def _refuse_another(self, made: Path) -> None:
        earlier = None if self._config.overwrite else RunRecord.read(self._run)
        if earlier is None or earlier.identity.content.get("--input_csv") == sha256_of(made):
            return
        raise UsageError(
            f"{self._run} holds a run on other images, or with other labels, than "
            f"{self._made_from}: give another --output_dir, or --overwrite to start anew."
        )


def ids_of(paths: Sequence[Path]) -> dict[str, Path]:
    """Returns image id -> file: the file's own name, with its suffix where two would be called so.

    Raises:
      DataError: two still would.
    """
    stems = Counter(safe_name(path.stem) for path in paths)
    found: dict[str, Path] = {}
    for path in paths:
        image_id = safe_name(path.stem)
        if stems[image_id] > 1:
            image_id = safe_name(path.name)
        if other := found.get(image_id):
            raise DataError(f"{other} and {path} would both be called {image_id}: rename one.")
        found[image_id] = path
    return found


def _image_files(folder: Path) -> list[Path]:
    """Returns the files of a folder, by name; hidden ones aren't meant.

    Raises:
      DataError: it can't be read, or holds none.
    """
    if not folder.is_dir():
        raise DataError(f"--input_dir {folder} is no folder: give the one with the images.")
    try:
        files = [each for each in sorted(folder.iterdir()) if not each.name.startswith(".")]
    except OSError as error:
        raise DataError(f"--input_dir {folder} can't be read: {error.strerror}.") from error
    if not (found := [each for each in files if not each.is_dir()]):
        raise DataError(f"--input_dir {folder} holds no image: give the folder with the images.")
    return found


def _find(folder: Path, name: str) -> Path | None:
    """Returns the image that another tool's table names, by its path or its name alone."""
    if not name or "\0" in name:
        return None
    whole = Path(name)
    inside = not whole.is_absolute() and ".." not in whole.parts
    for path in (*([folder / whole] if inside else []), folder / whole.name):
        try:
            if path.is_file():
                return path
        except OSError:
            # A name that is longer than any may be.
            return None
    return None


def _is_default_csv_of(networks: Networks) -> bool:
    """Whether the zoo's own CSV names images of the folder, or there is no such folder."""
    folder, table = networks.input_dir, networks.input_csv
    if not folder.is_dir():
        return True
    try:
        with open_regular(table) as file:
            rows = csv.reader(io.StringIO(file.read(_MOST_BYTES).decode("utf-8-sig")))
            return any(row and (folder / f"{row[0]}.png").is_file() for row in rows)
    except (DataError, OSError, ValueError, csv.Error):
        return False


def _png(place: Path, item: Labelled) -> Path:
    return place / _IMAGES / f"{item.image_id}.png"


def _recorded(item: Labelled, photo: Photo) -> RecordedPhoto:
    return RecordedPhoto(
        file=item.path.name,
        sha256=photo.sha256,
        size=list(photo.size),
        crop=list(photo.crop),
        changed=list(photo.changed),
    )


def _csv(
    items: Sequence[Labelled], labels: dict[str, int], photos: dict[str, RecordedPhoto]
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    targeted = all(item.target is not None for item in items)
    writer.writerow(
        ["ImageId", "TrueLabel", *(["TargetClass"] if targeted else []), "File", "Sha256"]
    )
    for item in items:
        target = [item.target] if targeted else []
        photo = photos[item.image_id]
        # A spreadsheet would run a name that begins like a formula.
        file = photo.file if photo.file[:1] not in "=+-@" else f"'{photo.file}"
        writer.writerow([item.image_id, labels[item.image_id], *target, file, photo.sha256])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _read(place: Path) -> Preparation | None:
    """Returns how the PNGs there were made; None where they aren't all there."""
    try:
        with open_regular(place / _RECORD) as file:
            prepared = Preparation.model_validate_json(file.read(_MOST_BYTES))
    except (DataError, OSError, ValidationError):
        return None
    names = (f"{_IMAGES}/{image_id}.png" for image_id in prepared.photos)
    return prepared if all((place / name).is_file() for name in (_LABELS, *names)) else None


def _told(prepared: Preparation, side: int, place: Path) -> str:
    photos = list(prepared.photos.values())
    enlarged = int(np.sum([photo.crop[2] < side for photo in photos]))
    what = photos[0].file if len(photos) == 1 else f"{len(photos)} images"
    said = f"Input: {what}, {prepared.how}; TrueLabel is {prepared.labels}."
    if enlarged:
        said += f" {enlarged} of them had fewer pixels than that."
    return f"{said} Kept in {place}."
