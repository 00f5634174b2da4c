"""A CSV file row by row, in bounded memory, refusing what other readers guess at."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from utils.errors import DataError

# Characters. csv bounds a field by itself (131072), but only after its line is in memory.
_MAX_LINE = 1 << 16
_DATASET = "dev_dataset.csv (ImageId, TrueLabel, TargetClass)"


def read_rows(
    path: Path, columns: Sequence[str], flag: str = "--input_csv ", like: str = _DATASET
) -> Iterator[tuple[int, dict[str, str]]]:
    """Reads a CSV file in UTF-8, with or without a byte order mark, with any line ends.

    Args:
      path: the file; its first row names the columns.
      columns: those that must be there.
      flag: what stands before its path in errors.
      like: what such a file is like, with its columns in brackets.

    Yields:
      (the row's number, from 1 and without the header and blank lines; column -> text).

    Raises:
      DataError: it can't be read, is not such a file, or lacks a column.
    """
    if not Path(path).is_file():
        raise DataError(f"{flag}{path} is no file: give a CSV like {like.partition(' (')[0]}.")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(_lines(file), strict=True)
            header = next((row for row in rows if row), [])
            _check_header(header, columns, f"{flag}{path}", like)
            number = 0
            for row in rows:
                if not row:
                    continue
                number += 1
                if len(row) != len(header):
                    raise DataError(
                        f"{flag}{path}, row {number} has {len(row)} fields, its header "
                        f"{len(header)}: put fields that hold a comma between double quotes."
                    )
                yield number, dict(zip(header, row, strict=True))
    except OSError as error:
        raise DataError(f"{flag}{path} can't be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{flag}{path} is not a CSV file in UTF-8 ({error}): save it as one."
        ) from error


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise csv.Error("a line of it doesn't end")
        if "\0" in line:
            # Python 3.10's csv refuses it, later ones let it through.
            raise csv.Error("it holds a NUL")
        yield line


def _check_header(header: list[str], columns: Sequence[str], name: str, like: str) -> None:
    for column in columns:
        if header.count(column) != 1:
            held = "more than one" if column in header else "no"
            raise DataError(f"{name} has {held} column {column}: it needs those of {like}.")
