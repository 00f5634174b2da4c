"""Images on their way to PNGs of one side and a CSV of labels, kept beside the results."""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
from pydantic import ValidationError

import models
from data import Photo, decode_photo, write_image
from data.photos import read_photo_bytes
from utils.class_names import write_beside
from utils.errors import BenchError, DataError, UsageError
from utils.files import open_regular, sha256_of, write_atomically
from utils.pipeline.config import RunConfig
from utils.pipeline.devices import find_devices
from utils.pipeline.folder import refuse_links
from utils.pipeline.inputs import load_source
from utils.pipeline.names import safe_name
from utils.pipeline.participants import ZOOS, Networks
from utils.pipeline.record import PREDICTED, Preparation, RecordedPhoto, RunRecord
from utils.pipeline.session import Session

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


@dataclass(frozen=True)
class Chosen:
    """Images that a run is to take.

    Attributes:
      items: the images.
      names: label -> its class's name, label 0 first; empty where they aren't known.
      read_as: what kind of label file it was, in a sentence; empty without one.
      left_out: file -> why it is not among them.
    """

    items: Sequence[Labelled]
    names: Sequence[str] = ()
    read_as: str = ""
    left_out: dict[str, str] = field(default_factory=dict)


class Making:
    """One set of images, made or to be made.

    Args:
      config, networks: the flags, and who takes part.
      session: loads the source where its prediction is to be the label.
      chosen: the images.

    Raises:
      DataError: an image can't be read, and may not be left out.
    """

    def __init__(
        self, config: RunConfig, networks: Networks, session: Session, chosen: Chosen
    ) -> None:
        self._config, self._networks, self._session = config, networks, session
        self._items, self._names = list(chosen.items), tuple(chosen.names)
        self._read_as, self._left_out = chosen.read_as, dict(chosen.left_out)
        self._run = config.folder(networks.zoo, tuple(networks.sources))
        self._made_from = config.image or config.input_csv or str(networks.input_dir)
        self._side = self._side_of_source()
        name = f"{safe_name(Path(self._made_from).resolve().stem)}-{self._digest(self._readable())}"
        self._place = self._run.parents[1] / "inputs" / name

    def found(self) -> tuple[Networks, Preparation | None]:
        """Returns the networks with the place of the PNGs and the CSV; None: they aren't made."""
        place = self._place
        made = replace(self._networks, input_csv=place / _LABELS, input_dir=place / _IMAGES)
        return made, _read(place)

    def count(self) -> int:
        """How many images there are."""
        return len(self._items)

    def made(self, tell: bool = True) -> tuple[Networks, Preparation]:
        """Makes the PNGs and the CSV, or finds them made; tells of them.

        Raises:
          DataError: an image is broken, and may not be left out.
          UsageError: the run's folder holds a run on others.
        """
        refuse_links(self._place, Path(self._config.output_dir))
        networks, prepared = self.found()
        if prepared is None:
            try:
                prepared = self._make()
            except BenchError:
                self._remove()
                raise
        self._refuse_another(networks.input_csv)
        if tell:
            print(self._told(prepared), flush=True)
        return networks, prepared

    def _remove(self) -> None:
        """Leaves nothing of what was begun."""
        shutil.rmtree(self._place, ignore_errors=True)
        output = Path(self._config.output_dir)
        for folder in self._place.parents:
            if output not in folder.parents:
                break
            try:
                folder.rmdir()
            except OSError:
                # Others' results are there.
                break

    def _side_of_source(self) -> int:
        networks = map(models.get_network, self._networks.attacked)
        # Where the name doesn't say it, the network has to be loaded.
        sides = [
            network.options.get("side") or self._source().side
            for network in networks
            if isinstance(network, models.ExternalNetwork) and network.kind == "saved_model"
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
        self._left_out |= {str(item.path): str(error) for item, error in problems}

    def _digest(self, contents: dict[str, str]) -> str:
        """Returns what tells these PNGs and labels from others, before they are made."""
        asked: dict[str, object] = {
            "side": self._side,
            "images": [
                (item.image_id, contents[item.image_id], item.label, item.target)
                for item in self._items
            ],
        }
        if any(item.label is None for item in self._items):
            sources = self._networks.sources.items()
            asked["labels by"] = {name: models.checkpoint_sha256(path) for name, path in sources}
        if self._names:
            asked["class names"] = self._names
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]

    def _make(self) -> Preparation:
        place, side = self._place, self._side
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
        write_beside(place / _LABELS, self._names)
        prepared = Preparation(
            made_from=str(Path(self._made_from).absolute()),
            how=f"the centre square, resized with antialiasing (Lanczos) to {side} x {side}",
            labels=said,
            left_out=len(self._left_out),
            why_left_out=self._left_out,
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
        return labels, f"{PREDICTED} {'+'.join(self._networks.sources)}"

    def _refuse_another(self, made: Path) -> None:
        earlier = None if self._config.overwrite else RunRecord.read(self._run)
        if earlier is None or earlier.identity.content.get("--input_csv") == sha256_of(made):
            return
        raise UsageError(
            f"{self._run} holds a run on other images, or with other labels, than "
            f"{self._made_from}: give another --output_dir, or --overwrite to start anew."
        )

    def _told(self, prepared: Preparation) -> str:
        photos = list(prepared.photos.values())
        lines = [f"{self._made_from}: read as {self._read_as}."] if self._read_as else []
        if prepared.left_out:
            shown = list(prepared.why_left_out.items())[:_NAMED]
            names = [f"{Path(file).name[:80]!a}" for file, _ in shown]
            more = ["..."] if prepared.left_out > _NAMED else []
            lines.append(f"Left out: {prepared.left_out} image(s) ({', '.join(names + more)}).")
            lines += [f"  {reason}" for _, reason in shown]
        enlarged = int(np.sum([photo.crop[2] < self._side for photo in photos]))
        what = photos[0].file if len(photos) == 1 else f"{len(photos)} images"
        how = ", ".join((*(photos[0].changed if len(photos) == 1 else ()), prepared.how))
        said = f"Input: {what}, {how}; TrueLabel is {prepared.labels}."
        if enlarged:
            said += f" {enlarged} of them had fewer pixels than that."
        lines.append(f"{said} Kept in {self._place}.")
        return "\n".join(lines)


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
