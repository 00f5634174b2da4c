"""Where two CSV tables differ, named row by row."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from utils.errors import DataError


def read_table(content: bytes, name: str) -> pd.DataFrame:
    """Reads a CSV as text: every cell a string, empty ones too.

    Raises:
      DataError: it is no CSV.
    """
    try:
        header, *rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise DataError(f"{name} is no CSV file ({str(error).strip()})") from error
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise DataError(
                f"{name} is no table: row {number} has {len(row)} fields, its header {len(header)}"
            )
    return pd.DataFrame(rows, columns=header, dtype=str)


def differences(
    expected: pd.DataFrame,
    actual: pd.DataFrame,
    key: Sequence[str],
    tolerance: Mapping[str, float],
) -> Iterator[str]:
    """Yields a sentence for every cell, row or column in which two tables of text differ.

    Args:
      expected: what the table should be.
      actual: what it is.
      key: the columns that tell rows apart.
      tolerance: column -> how far its numbers may be apart; others must be the same text.
    """
    if list(expected.columns) != list(actual.columns):
        yield f"its columns are {', '.join(actual)} instead of {', '.join(expected)}."
        return
    left, right = _by_key(expected, key), _by_key(actual, key)
    if len(right) != len(actual):
        yield "some rows stand in it twice."
    for missing in left.keys() - right.keys():
        yield f"the row {_name(key, missing)} is missing."
    for extra in right.keys() - left.keys():
        yield f"the row {_name(key, extra)} doesn't belong there."
    common = [each for each in left if each in right]
    if not left.keys() ^ right.keys() and list(left) != list(right):
        yield "the rows stand in another order."
    for each in common:
        for column, wanted in left[each].items():
            found = right[each][column]
            if found != wanted and not _near(found, wanted, tolerance.get(column)):
                yield (
                    f"{column} is {found or 'empty'} instead of {wanted or 'empty'} in the row "
                    + (f"{_name(key, each)}.")
                )


def _by_key(table: pd.DataFrame, key: Sequence[str]) -> dict[tuple, dict[str, str]]:
    return {tuple(row[name] for name in key): row for row in table.to_dict("records")}


def _name(key: Sequence[str], values: tuple) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))


def _near(found: str, wanted: str, tolerance: float | None) -> bool:
    try:
        return tolerance is not None and abs(float(found) - float(wanted)) <= tolerance
    except ValueError:
        return False
