"""The label CSV and the images that it names."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.csv_rows import read_rows
from data.images import png_side
from utils.errors import DataError
from utils.files import sha256_of

# What may become a file name: nothing that leaves the folder, and nothing that a spreadsheet
# would run as a formula.
_SAFE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
# Twice ImageNet's validation set; a file of millions of rows is refused before it fills the memory.
_MAX_ROWS = 100_000
_REQUIRED, _TARGET = ("ImageId", "TrueLabel"), ("TargetClass",)


@dataclass(frozen=True)
class Dataset:
    """Which images a run attacks.

    Attributes:
      ids: the ImageIds, in the CSV's order.
      paths: the PNG of each.
      true_labels: int32 [N], TrueLabel in the CSV's convention (ImageNet: 1..1000).
      target_classes: int32 [N], TargetClass, or None where the CSV has no such column.
      side: of every image, in pixels.
      csv_sha256: of the CSV's bytes.
      skipped: how many rows had no image (only with `skip_missing`).
    """

    ids: tuple[str, ...]
    paths: tuple[Path, ...]
    true_labels: np.ndarray
    target_classes: np.ndarray | None
    side: int
    csv_sha256: str
    skipped: int

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self.ids)

    def subset(self, ids: Collection[str]) -> "Dataset":
        """Returns the same with these images alone, in the same order."""
        places = [place for place, image_id in enumerate(self.ids) if image_id in ids]
        targets = self.target_classes
        return replace(
            self,
            ids=tuple(self.ids[place] for place in places),
            paths=tuple(self.paths[place] for place in places),
            true_labels=self.true_labels[places],
            target_classes=None if targets is None else targets[places],
        )


def read_dataset(
    csv_path: Path,
    image_dir: Path,
    max_label: int,
    limit: int | None = None,
    skip_missing: bool = False,
    targeted: bool = False,
) -> Dataset:
    """Reads a CSV in the format of the NIPS 2017 dev_dataset.csv and finds its images.

    Args:
      csv_path: with the columns ImageId and TrueLabel, and TargetClass for targeted runs.
      image_dir: holds ImageId.png for every row.
      max_label: labels are 1..max_label.
      limit: use the first so many images (that exist, with `skip_missing`); None for all.
      skip_missing: leave out rows whose image isn't there.
      targeted: demand a TargetClass that differs from TrueLabel.

    Returns:
      A Dataset of at least one image, all of one side.

    Raises:
      DataError: anything above doesn't hold; the sentence names the file, row or image.
    """
    if not Path(image_dir).is_dir():
        raise DataError(f"--input_dir {image_dir} is no folder: give the one with the PNGs.")
    ids: list[str] = []
    paths: list[Path] = []
    true_labels: list[int] = []
    targets: list[int | None] = []
    missing, first_missing = 0, None
    for image_id, true_label, target in _rows(csv_path, max_label, targeted):
        if limit is not None and len(ids) == limit:
            break
        path = Path(image_dir) / f"{image_id}.png"
        if not path.is_file():
            missing, first_missing = missing + 1, first_missing or path
            continue
        ids.append(image_id)
        paths.append(path)
        true_labels.append(true_label)
        targets.append(target)
    if missing and not skip_missing:
        raise DataError(
            f"Image {first_missing} is missing ({missing} in all): add what is missing, or give "
            "--skip_missing_images to leave these rows out."
        )
    if not ids:
        raise DataError(f"No image of {csv_path} is in {image_dir}: check --input_dir.")
    return Dataset(
        ids=tuple(ids),
        paths=tuple(paths),
        true_labels=np.array(true_labels, np.int32),
        target_classes=None if None in targets else np.array(targets, np.int32),
        side=_common_side(paths),
        csv_sha256=sha256_of(csv_path),
        skipped=missing,
    )


def _common_side(paths: list[Path]) -> int:
    side = png_side(paths[0])
    for path in paths[1:]:
        if (other := png_side(path)) != side:
            raise DataError(
                f"Image {path} has a side of {other} pixels, {paths[0].name} one of {side}: a run "
                "takes images of one side, so resize it or take it out of the CSV."
            )
    return side


def _rows(csv_path: Path, max_label: int, targeted: bool) -> Iterator[tuple[str, int, int | None]]:
    """Yields (ImageId, TrueLabel, TargetClass or None) row by row, in bounded memory."""
    seen: dict[str, int] = {}
    for number, row in read_rows(csv_path, _REQUIRED + (_TARGET if targeted else ())):
        if number > _MAX_ROWS:
            raise DataError(
                f"--input_csv {csv_path} has more than {_MAX_ROWS} rows: split it, or give --limit."
            )
        image_id = row["ImageId"]
        _check_id(image_id, csv_path, number)
        if image_id in seen:
            raise DataError(
                f"{csv_path}: ImageId {image_id} stands in rows {seen[image_id]} and {number}: "
                "keep one of them."
            )
        seen[image_id] = number
        true_label = _label(row["TrueLabel"], "TrueLabel", max_label, csv_path, number)
        target = None
        if targeted or row.get("TargetClass"):
            target = _label(row["TargetClass"], "TargetClass", max_label, csv_path, number)
        if targeted and target == true_label:
            raise DataError(
                f"{csv_path}, row {number}: TargetClass equals TrueLabel ({target}): a targeted "
                "run needs another class."
            )
        yield image_id, true_label, target


def _check_id(image_id: str, csv_path: Path, number: int) -> None:
    if not _SAFE_ID.fullmatch(image_id):
        raise DataError(
            f"{csv_path}, row {number}: ImageId {image_id[:80]!r} can't be a file name inside "
            "the output folder: use letters, digits, '_', '-' and '.', beginning with a letter, a "
            "digit or '_'."
        )


def _label(text: str, column: str, max_label: int, csv_path: Path, number: int) -> int:
    label = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
    if not 1 <= label <= max_label:
        raise DataError(
            f"{csv_path}, row {number}: {column} is {text[:80]!r}; it must be a whole number "
            f"from 1 to {max_label}."
        )
    return label
