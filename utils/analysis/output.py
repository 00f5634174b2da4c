"""Whatever the commands of finished runs write: whole or not at all, in UTF-8, where they may."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from utils.errors import ResultsError
from utils.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd


def save(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
      ResultsError: a folder, a pipe or a device has its name.
      DataError: it can't be written; an old one stays as it was.
    """
    if path.exists() and not path.is_file():
        raise ResultsError(f"{path} is there and is no file: give another path for the output.")
    write_atomically(path, content)


def save_rows(folder: Path, name: str, rows: "pd.DataFrame") -> None:
    """Writes a comparison's rows as a CSV, as `save` does."""
    content = rows.to_csv(index=False, lineterminator="\n", float_format="%.4f").encode()
    save(folder / name, content)


def file_name(text: str) -> str:
    """Returns what a file can be called after names that others chose; different for each."""
    return re.sub(r"[\x00-\x1f\x7f/\\%:]", lambda found: quote(found[0], safe=""), text)


def say(text: str) -> None:
    """Prints, in UTF-8 whatever the locale."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    print(text)
