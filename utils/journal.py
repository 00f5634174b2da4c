"""An append-only record of finished work, which survives being cut off anywhere."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from utils.errors import DataError


class Journal:
    """One JSON object a line. A line counts when it is whole: the last one may be torn.

    Args:
      path: the file.
      keys: what a record needs to count.
    """

    def __init__(self, path: Path, keys: Iterable[str] = ()):
        self._path = path
        self._keys = frozenset(keys)

    def read(self) -> list[dict]:
        """Returns the whole records, in the order in which they were written."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataError(f"{self._path} can't be read: {error.strerror}.") from error
        records = []
        for line in content.split(b"\n"):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict) and self._keys <= record.keys():
                records.append(record)
        return records

    def append(self, records: Iterable[dict]) -> None:
        """Adds records and flushes them to the disk.

        Raises:
          DataError: the file can't be written.
        """
        text = "".join(json.dumps(record) + "\n" for record in records)
        try:
            with open(self._path, "ab") as file:
                # A torn line before this one must not swallow its first record.
                file.write(b"\n" + text.encode() if file.tell() else text.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DataError(
                f"{self._path} can't be written: {error.strerror}. Free some space, then give the "
                "same command again to continue."
            ) from error
