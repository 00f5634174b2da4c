"""Label files of other tools, recognised by their columns, in this program's convention of labels.

Public attack tools count ILSVRC's classes from 0; a CSV like dev_dataset.csv counts from 1, where 0
is background.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.errors import DataError, UsageError
from utils.files import open_regular, read_regular

_MOST_BYTES = 1 << 26
_MOST_ROWS = 100_000
_START = 1 << 16
# This program's own kind.
NATIVE = "dev_dataset"


@dataclass(frozen=True)
class Format:
    """A kind of label file.

    Attributes:
      columns: that a CSV of this kind has, lower case; none: lines of JSON.
      file, label: the columns of the image's file name and its label.
      target: that of the target class; may be missing.
      offset: what turns a label into a TrueLabel; None: such files come in both kinds.
    """

    columns: tuple[str, ...]
    file: str
    label: str
    target: str = ""
    offset: int | None = None


FORMATS = {
    "labels_csv": Format(
        ("filename", "label", "targeted_label"), "filename", "label", "targeted_label", 1
    ),
    "class_index": Format(
        ("class_index", "class", "image_name"), "image_name", "class_index", offset=1
    ),
    "two_columns": Format(("filename", "label"), "filename", "label"),
    "json_lines": Format((), "0", "1"),
}


@dataclass(frozen=True)
class ForeignLabel:
    """One row: the image's file as the table names it, and labels of this program's convention."""

    file: str
    label: int
    target: int | None = None


@dataclass(frozen=True)
class ForeignLabels:
    """A whole file.

    Attributes:
      rows: its images.
      format: its kind, a key of FORMATS.
      offset: what was added to its labels.
    """

    rows: tuple[ForeignLabel, ...]
    format: str
    offset: int

    def told(self) -> str:
        """Says in a few words what it was read as."""
        count = "counting from 0, so TrueLabel is its label + 1" if self.offset else "as they are"
        return f"{self.format} with {len(self.rows)} images, labels {count}"


def read_foreign_labels(
    path: Path, max_label: int, offset: int | None = None, asked: str = "auto"
) -> ForeignLabels | None:
    """Reads a label file of another tool.

    Args:
      path: the file.
      max_label: labels are 1..max_label.
      offset: what to add to its labels; None: as its kind says, or its labels.
      asked: its kind, a key of FORMATS, "dev_dataset" for this program's own, or "auto".

    Returns:
      The labels; None for a CSV of this program's own kind, or of none that is known.

    Raises:
      DataError: it can't be read, or a row holds no label.
      UsageError: it could be read in two ways; the sentence names the flag that decides.
    """
    kind = _kind(path, asked)
    if kind is None:
        return None
    text = _text(path)
    rows = _csv_rows(text, path) if FORMATS[kind].columns else _json_rows(text, path)
    form = FORMATS[kind]
    numbers: list[tuple[str, int, int | None]] = []
    for number, row in enumerate(rows, 1):
        if number > _MOST_ROWS:
            raise DataError(f"--input_csv {path} has more than {_MOST_ROWS} rows: split it.")
        if not row.get(form.file):
            raise DataError(f"--input_csv {path}, row {number} names no image ({form.file}).")
        target = row.get(form.target) if form.target else None
        numbers.append(
            (
                str(row[form.file]),
                _number(row.get(form.label), form.label, path, number),
                None if target in (None, "") else _number(target, form.target, path, number),
            )
        )
    if not numbers:
        raise DataError(f"--input_csv {path} names no image.")
    labels = [each for _, label, target in numbers for each in (label, target) if each is not None]
    added = _offset(path, kind, labels, max_label, offset)
    return ForeignLabels(
        tuple(
            ForeignLabel(file, label + added, None if target is None else target + added)
            for file, label, target in numbers
        ),
        kind,
        added,
    )


def _text(path: Path) -> str:
    content = read_regular(path, _MOST_BYTES)
    if content is None:
        raise DataError(f"--input_csv {path} has more than {_MOST_BYTES >> 20} MiB: split it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"--input_csv {path} is not a text file in UTF-8 ({error}): save it as one."
        ) from error


def _kind(path: Path, asked: str) -> str | None:
    """Returns the kind of a file; None where it isn't for this module to read."""
    if asked == NATIVE:
        return None
    try:
        with open_regular(path) as file:
            start = file.read(_START).decode("utf-8-sig", "replace").lstrip()
        header = {name.strip().lower() for name in next(csv.reader([start.split("\n")[0]]), [])}
    except (DataError, OSError, csv.Error):
        # The reader of this program's own kind says what is the matter.
        return None
    fitting = [kind for kind, form in FORMATS.items() if form.columns and header >= {*form.columns}]
    # labels_csv has the columns of two_columns, too; the one that asks for more is meant.
    kinds = [
        kind
        for kind in fitting
        if not any({*FORMATS[kind].columns} < {*FORMATS[other].columns} for other in fitting)
    ]
    kinds += ["json_lines"] if start.startswith("[") else []
    kinds += [NATIVE] if header >= {name.lower() for name in ("ImageId", "TrueLabel")} else []
    if asked != "auto":
        if asked not in (*kinds, *fitting):
            wants = ", ".join(FORMATS[asked].columns) or "[path, label] on each line"
            raise UsageError(f"--input_csv {path} is no {asked}, which holds {wants}.")
        return asked
    if len(kinds) > 1:
        raise UsageError(
            f"--input_csv {path} has the columns of {' and of '.join(kinds)}: say with "
            "--label_format which it is."
        )
    return kinds[0] if kinds and kinds[0] != NATIVE else None


def _csv_rows(text: str, path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    try:
        table = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [name.strip().lower() for name in next(table, [])]
        if len(set(header)) < len(header):
            raise DataError(f"--input_csv {path} has two columns of one name: leave one.")
        for number, row in enumerate(filter(None, table), 1):
            if len(row) != len(header):
                raise DataError(
                    f"--input_csv {path}, row {number} has {len(row)} fields, its header "
                    f"{len(header)}: put fields that hold a comma between double quotes."
                )
            rows.append(dict(zip(header, row, strict=True)))
    except csv.Error as error:
        raise DataError(f"--input_csv {path} is no CSV file ({error}): save it as one.") from error
    return rows


def _json_rows(text: str, path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    try:
        whole = json.loads(text)
        # One list of all pairs, or a pair alone.
        pairs = whole if whole and isinstance(whole[0], list) else [whole]
    except (ValueError, RecursionError):
        pairs = []
        for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
            try:
                pairs.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise DataError(
                    f"--input_csv {path}, line {number} is no JSON: each line is [path, label]."
                ) from error
    for number, pair in enumerate(pairs, 1):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise DataError(f"--input_csv {path}, line {number} is not [path, label].")
        rows.append({"0": pair[0], "1": pair[1]})
    return rows


def _number(value: object, column: str, path: Path, number: int) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise DataError(
            f"--input_csv {path}, row {number}: {column} is {text[:80]!r}, which is no label."
        )
    return int(text)


def _offset(path: Path, kind: str, labels: Sequence[int], max_label: int, asked: int | None) -> int:
    """Returns what turns a file's labels into TrueLabels.

    Raises:
      DataError: no offset, or not the one that was asked for, gives labels of 1..max_label.
      UsageError: both would.
    """
    fits = [each for each in (0, 1) if min(labels) + each >= 1 and max(labels) + each <= max_label]
    wanted = asked if asked is not None else FORMATS[kind].offset
    if not fits or (asked is not None and asked not in fits):
        raise DataError(
            f"--input_csv {path} has labels from {min(labels)} to {max(labels)}, and classes are 1 "
            f"to {max_label}, or 0 to {max_label - 1}"
            + (f" with --label_offset {asked}." if asked is not None else ".")
        )
    if wanted in fits:
        return wanted
    if wanted is not None:
        raise UsageError(
            f"--input_csv {path} looks like {kind}, whose labels count from 0, but holds "
            f"{max(labels)}: give --label_offset 0 if its labels count from 1."
        )
    if len(fits) == 1:
        return fits[0]
    raise UsageError(
        f"--input_csv {path} ({kind}) has labels from {min(labels)} to {max(labels)}, which may "
        "count from 0 or from 1: give --label_offset 1 (from 0) or --label_offset 0 (from 1)."
    )
