"""A finished run's images and labels as other attack tools take them."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.images import decode_image, read_bytes
from utils.errors import DataError, UsageError
from utils.files import write_atomically
from utils.pipeline.run import CLEAN, Run

IMAGES = "images"


@dataclass(frozen=True)
class Row:
    """One image: its file's name, and its labels as these tools count them, from 0."""

    file: str
    label: int
    target: int | None
    name: str


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _labels_csv(rows: Sequence[Row]) -> str:
    if any(row.target is None for row in rows):
        return _table(("filename", "label"), [(row.file, row.label) for row in rows])
    header = ("filename", "label", "targeted_label")
    return _table(header, [(row.file, row.label, row.target) for row in rows])


def _class_index(rows: Sequence[Row]) -> str:
    header = ("class_index", "class", "image_name")
    return _table(header, [(row.label, row.name, row.file) for row in rows])


def _json_lines(rows: Sequence[Row]) -> str:
    return "".join(json.dumps([row.file, row.label]) + "\n" for row in rows)


# Format -> the label file's name and how it is written.
WRITERS: dict[str, tuple[str, Callable[[Sequence[Row]], str]]] = {
    "labels_csv": ("labels.csv", _labels_csv),
    "class_index": ("class_index.csv", _class_index),
    "json_lines": ("labels.jsonl", _json_lines),
}


def export(run: Run, folder: Path, kind: str, modes: Sequence[str] = ()) -> list[str]:
    """Writes images/ID.png, MODE/ID.png and the label file.

    Args:
      run: a finished one.
      folder: new, or empty.
      kind: a key of WRITERS.
      modes: which; none: all.

    Returns:
      The label file's name and the modes' folders.

    Raises:
      UsageError: the folder holds something, or the run lacks a mode or isn't finished.
      DataError: an image that is missing or broken, or can't be written.
    """
    if not run.record.complete:
        raise UsageError(f"{run.folder.path} isn't finished: give its command again to end it.")
    modes = tuple(modes) or run.modes
    if lacking := [mode for mode in modes if mode not in run.modes]:
        raise UsageError(
            f"--modes holds {lacking[0][:80]!a}, and this run has {', '.join(run.modes)}."
        )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is no folder of its own: give another --output_dir.")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} isn't empty: give another --output_dir.")
    places = {CLEAN: folder / IMAGES} | {mode: folder / mode for mode in modes}
    for mode in places:
        # Before anything is written: half an export would be judged as a whole one.
        for path in run.pngs(mode):
            side = len(decode_image(read_bytes(path), path))
            if side != run.record.side:
                raise DataError(f"{path} has a side of {side} pixels, not {run.record.side}.")
    for mode, place in places.items():
        for image_id, path in zip(run.dataset.ids, run.pngs(mode), strict=True):
            write_atomically(place / f"{image_id}.png", read_bytes(path))
    name, written = WRITERS[kind]
    write_atomically(folder / name, written(_rows(run)).encode())
    return [name, *modes]


def _rows(run: Run) -> list[Row]:
    dataset, names = run.dataset, run.class_names
    targets = dataset.target_classes
    return [
        Row(
            file=f"{image_id}.png",
            label=int(label) - 1,
            target=None if targets is None else int(targets[place]) - 1,
            name=names[label] if label < len(names) else str(label),
        )
        for place, (image_id, label) in enumerate(
            zip(dataset.ids, dataset.true_labels, strict=True)
        )
    ]
