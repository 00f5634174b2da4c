"""A run's CSVs, read as what they are: names stay text, and nothing is guessed or filled in."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from utils.errors import ResultsError

# Of more bytes no run's table is.
_MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class Number:
    """What a column of numbers may hold.

    Attributes:
      low, high: its ends, both allowed.
      whole: whether it holds whole numbers alone.
      optional: whether a field may be empty, which is read as NaN.
    """

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    optional: bool = False

    def read(self, fields: pd.Series) -> pd.Series:
        """Returns int64 or float64.

        Raises:
          ValueError: a field holds something else.
        """
        pattern = r"-?[0-9]{1,18}" if self.whole else r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
        given = fields != "" if self.optional else pd.Series(True, fields.index)
        wrong = given & ~fields.str.fullmatch(pattern)
        if wrong.any():
            raise ValueError(f"{fields[wrong].iloc[0]!r:.60} is no number of this column")
        values = pd.to_numeric(fields.where(given)).astype(float)
        outside = given & ~values.between(self.low, self.high, inclusive="both")
        if outside.any() or (values.abs() == math.inf).any():
            raise ValueError(f"a number is out of range: {fields[outside | given].iloc[0]:.60}")
        return values.astype("int64") if self.whole and not self.optional else values


TEXT = None
_LABEL = Number(whole=True)
_COUNT = Number(0, whole=True)
_LENGTH = Number(0)
_SIMILARITY = Number(-1, 1, optional=True)
# File -> column -> what it holds, of those that are used.
COLUMNS: dict[str, dict[str, Number | None]] = {
    "transfer.csv": {
        **dict.fromkeys(("source", "method", "mode", "victim", "setting"), TEXT),
        "max_epsilon": Number(0, optional=True),
        **dict.fromkeys(("images", "clean_errors", "misclassified"), _COUNT),
        **dict.fromkeys(("mean_abs", "mean_l2"), _LENGTH),
        "success_rate": Number(0, 100),
        "target_hits": Number(0, whole=True, optional=True),
        "mean_ssim": _SIMILARITY,
    },
    "per_image.csv": {
        **dict.fromkeys(("image_id", "source", "method", "mode", "victim"), TEXT),
        "max_epsilon": Number(0, optional=True),
        **dict.fromkeys(("true_label", "clean_label", "adversarial_label"), _LABEL),
        "target_class": Number(whole=True, optional=True),
        # Empty where a victim's answers are another program's, which didn't tell them.
        **dict.fromkeys(
            ("clean_confidence", "adversarial_confidence"), Number(0, 1, optional=True)
        ),
        **dict.fromkeys(
            ("clean_top5", "adversarial_top5"), Number(0, 1, whole=True, optional=True)
        ),
        "l2": _LENGTH,
        "ssim": _SIMILARITY,
    },
    "steps.csv": {
        "mode": TEXT,
        "iteration": Number(1, whole=True),
        # Float32 sums may pass 1 by their last bits.
        "mean_cosine": Number(-1.001, 1.001, optional=True),
    },
}
# What tables of folders from before it was measured lack: read as if it were empty.
_LATER = {"ssim", "mean_ssim"}


def read_table(path: Path) -> pd.DataFrame:
    """Reads one of the tables that COLUMNS has, its other columns as text.

    Raises:
      ResultsError: it can't be read, is cut short, or holds what a run doesn't write.
    """
    try:
        return _parse(path, _text(path))
    except (OSError, ValueError, csv.Error) as error:
        problem = getattr(error, "strerror", None) or error
        raise ResultsError(
            f"{path} can't be read ({problem}): give that run's command again, or `python "
            f"scripts/judge.py {path.parent}`."
        ) from error


def _text(path: Path) -> str:
    # Of a pipe or a device there would be no end.
    if path.exists() and not path.is_file():
        raise ValueError("not a file")
    with open(path, "rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES >> 20} MB")
    return content.decode("utf-8")


def _parse(path: Path, text: str) -> pd.DataFrame:
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True) if text else ([],)
    columns = COLUMNS[path.name]
    missing = [name for name in columns if name not in header and name not in _LATER]
    if missing:
        raise ValueError(f"it has no column {', '.join(missing)}")
    if len(set(header)) < len(header):
        raise ValueError("two columns have one name")
    if not rows:
        raise ValueError("it holds no row")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} fields, the header {len(header)}")
    table = pd.DataFrame(rows, columns=header, dtype=object)
    table = table.assign(**dict.fromkeys((_LATER & columns.keys()) - set(header), ""))
    for name, kind in columns.items():
        if kind is not None:
            try:
                table[name] = kind.read(table[name])
            except ValueError as error:
                raise ValueError(f"column {name}: {error}") from error
    return table
