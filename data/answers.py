"""What another program said of PNGs, from a CSV with a row an image and mode.

    image,mode,label,confidence,top5,png_sha256
    demo0000,clean,3,0.912345,3 5 1 0 9,9f86d0...
    demo0000,sign,5,0.443210,5 3 1 0 9,60303a...

`image` is an image's id or its PNG's name, `mode` its mode or "clean". The last three columns may
be left out: the likeliest label's probability, the five likeliest labels, and the PNG's SHA-256.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from data.csv_rows import read_rows
from utils.answers import UNTOLD
from utils.errors import DataError

_NEEDED = ("image", "mode", "label")
_CONFIDENCE, _TOP5, _SHA256 = _OPTIONAL = ("confidence", "top5", "png_sha256")
_LIKE = f"a file of answers ({', '.join(_NEEDED)})"
_TOP = 5
# The images of the largest run in twenty modes.
_MOST_ROWS = 2_000_000
# Of more bytes no such file is.
MOST_BYTES = 1 << 30
# (mode or "clean", image id).
Key = tuple[str, str]


@dataclass(frozen=True)
class ToldAnswer:
    """What was said of one PNG.

    Attributes:
      labels: the likeliest first, in the convention of TrueLabel; UNTOLD follows the first where
        no others were told.
      confidence: probability of the first, in [0, 1]; None where none was told.
    """

    labels: list[int]
    confidence: float | None


@dataclass(frozen=True)
class ToldAnswers:
    """A whole file.

    Attributes:
      answers: to each PNG that was asked for.
      spare: rows of other images or modes.
      tied: whether each row names the bytes that it is an answer to, and they are the PNG's.
    """

    answers: dict[Key, ToldAnswer]
    spare: int
    tied: bool


def read_answers(
    path: Path, offset: int, pngs: Mapping[Key, str], max_label: int, rows: int = _MOST_ROWS
) -> ToldAnswers:
    """Reads the answers to PNGs.

    Args:
      path: the CSV.
      offset: what turns its labels into TrueLabels.
      pngs: (mode or "clean", image id) -> SHA-256 of each PNG that needs an answer.
      max_label: labels are 1..max_label, and 0 is background.
      rows: more are refused.

    Raises:
      DataError: it can't be read, lacks an answer or has two, or a row holds none; the sentence
        names the row.
    """
    reader = _Reader(path, offset, pngs, max_label)
    for number, row in read_rows(path, _NEEDED, flag="", like=_LIKE):
        if number > rows:
            raise DataError(f"{path} has more than {rows} rows: leave those of this run in it.")
        reader.take(number, row)
    reader.check_whole()
    tied = bool(reader.filled[_SHA256])
    return ToldAnswers(reader.answers, reader.spare, tied)


class _Reader:
    def __init__(self, path: Path, offset: int, pngs: Mapping[Key, str], max_label: int) -> None:
        self._path, self._offset, self._max_label = path, offset, max_label
        self._pngs = pngs
        self._modes = {mode for mode, _ in pngs}
        self._places: dict[Key, int] = {}
        self.answers: dict[Key, ToldAnswer] = {}
        self.spare = 0
        self.filled: Counter[str] = Counter()

    def take(self, number: int, row: Mapping[str, str]) -> None:
        """Keeps one row's answer, if it is to one of the PNGs."""
        where, mode = f"{self._path}, row {number}", row["mode"]
        key = mode, row["image"]
        if key not in self._pngs:
            # A file's name, perhaps with its folder.
            key = mode, re.sub(r"\.png$", "", PurePath(row["image"]).name, flags=re.IGNORECASE)
        if key not in self._pngs:
            self.spare += 1
            return
        if (before := self._places.setdefault(key, number)) != number:
            raise DataError(
                f"{self._path} has two answers to {_name(key)}, in rows {before} and {number}: "
                "keep one of them."
            )
        self.filled.update(name for name in _OPTIONAL if row.get(name))
        self._check_bytes(row.get(_SHA256, ""), key, where)
        label = self._label(row["label"], "label", where)
        labels = self._likeliest(row.get(_TOP5, ""), label, where)
        self.answers[key] = ToldAnswer(labels, _confidence(row.get(_CONFIDENCE, ""), where))

    def check_whole(self) -> None:
        """Makes sure that nothing is left out.

        Raises:
          DataError: an answer is, or a column is filled here and there.
        """
        missing = [key for key in self._pngs if key not in self.answers]
        if missing:
            of_modes = Counter(mode for mode, _ in self._pngs)
            absent = Counter(mode for mode, _ in missing)
            counts = ", ".join(
                f"{count if count < of_modes[mode] else f'all {count}'} of {mode}"
                for mode, count in absent.items()
            )
            raise DataError(
                f"{self._path} lacks answers to {len(missing)} of {len(self._pngs)} PNGs "
                f"({counts}; first {_name(missing[0])}): have the program answer to all of "
                f"{', '.join(of_modes)}, in rows of image, mode and label."
            )
        for name, count in self.filled.items():
            if count < len(self.answers):
                raise DataError(
                    f"{self._path} has {name} in {count} of {len(self.answers)} rows: fill the "
                    "whole column or leave it out."
                )

    def _check_bytes(self, told: str, key: Key, where: str) -> None:
        if told and told.lower() != self._pngs[key]:
            raise DataError(
                f"{where}: the answer is to other bytes than those of {_name(key)} (its SHA-256 "
                "differs): have the program answer to the PNGs that are there now."
            )

    def _label(self, text: str, column: str, where: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise DataError(f"{where}: {column} is {text[:80]!r}, and labels are whole numbers.")
        label = int(text) + self._offset
        if not 0 <= label <= self._max_label:
            raise DataError(
                f"{where}: {column} {text} with offset={self._offset} is {label}, and labels are 1 "
                f"to {self._max_label}, 0 for background: give offset=1 where the program counts "
                "classes from 0, offset=0 where it counts as TrueLabel does."
            )
        return label

    def _likeliest(self, text: str, label: int, where: str) -> list[int]:
        if not text:
            return [label, UNTOLD]
        labels = [self._label(each, _TOP5, where) for each in text.split()[: _TOP + 1]]
        if labels[:1] != [label] or len(set(labels)) < len(labels) or len(labels) > _TOP:
            raise DataError(
                f"{where}: top5 is {text[:80]!r}; it is up to five different labels, parted by "
                "blanks, and the row's label is the first."
            )
        return labels


def _confidence(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        confidence = float(text)
    except ValueError:
        confidence = math.nan
    if not 0 <= confidence <= 1:
        raise DataError(
            f"{where}: confidence is {text[:80]!r}; it is the label's probability, from 0 to 1."
        )
    return confidence


def _name(key: Key) -> str:
    return "/".join(key)
