"""Names beside label numbers."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from utils.class_names import list_beside, read_flag
from utils.errors import DataError, ResultsError
from utils.files import write_atomically
from utils.text import one_line

_DEMO = Path(__file__).resolve().parents[2] / "data" / "demo" / "class_names.txt"
_KERAS_URL = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_KERAS_CACHE = Path("~/.keras/models/imagenet_class_index.json")
_TIMEOUT = 5.0  # seconds


@dataclass(frozen=True)
class ClassNames:
    """Label, in the CSV's convention (0 is background) -> name; empty where none are known."""

    names: tuple[str, ...] = ()

    def __call__(self, label: int) -> str:
        """Returns "306 corn", or "306" where no name is known."""
        known = 0 <= label < len(self.names)
        # The first of several synonyms says enough.
        return one_line(f"{label} {self.names[label].split(',')[0]}") if known else str(label)

    def answer(self, row: Mapping[str, Any], kind: str, decimals: int, unit: str = "") -> str:
        """Returns "306 corn 93 %", without what isn't known.

        Args:
          row: of per_image.csv.
          kind: "clean" or "adversarial".
          decimals: of the confidence in percent.
          unit: that follows it.
        """
        name, confidence = self(int(row[f"{kind}_label"])), row[f"{kind}_confidence"]
        # NaN where a program didn't tell it.
        told = f" {100 * confidence:.{decimals}f}{unit}" if confidence == confidence else ""
        return f"{name}{told}"


def class_names(zoo: str, file: Path | None = None, input_csv: Path | None = None) -> ClassNames:
    """Finds the names of a zoo's classes.

    Args:
      zoo: "demo", "imagenet", or "" for classes of nobody's (`named_zoo`).
      file: one name a line, line 0 for label 0 (background); None: what lies beside the CSV, the
        demo zoo's own, Keras's index for ImageNet where it can be fetched, else none.
      input_csv: the labels.

    Raises:
      ResultsError: the file can't be read.
    """
    if file is not None:
        return _read(Path(file))
    if input_csv is not None and (found := list_beside(input_csv)):
        return ClassNames(found)
    if zoo == "demo":
        return _read(_DEMO)
    return _from_keras() if zoo else ClassNames()


def _read(file: Path) -> ClassNames:
    try:
        return ClassNames(read_flag(file))
    except DataError as error:
        raise ResultsError(str(error)) from error


def _from_keras() -> ClassNames:
    cache = _KERAS_CACHE.expanduser()
    try:
        if not cache.is_file():
            with urllib.request.urlopen(_KERAS_URL, timeout=_TIMEOUT) as answer:
                content = answer.read()
            json.loads(content)
            write_atomically(cache, content)
        index = json.loads(cache.read_bytes())
        names = [index[str(i)][1].replace("_", " ") for i in range(len(index))]
    except (
        *(OSError, HTTPException, DataError, ValueError),
        *(LookupError, TypeError, AttributeError, RecursionError),
    ):
        # Without a network there are numbers.
        return ClassNames()
    # Keras counts from 0 without background.
    return ClassNames(("background", *names))
