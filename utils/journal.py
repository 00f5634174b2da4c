"""An append-only record of finished work, which survives being cut off anywhere."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from utils.errors import DataError
from utils.files import open_regular, write_atomically

Record = TypeVar("Record", bound=BaseModel)


class Journal(Generic[Record]):
    """One JSON object a line. A line counts when it is whole: the last one may be torn.

    Args:
      path: the file.
      kind: what a record is; lines that are no such record don't count.
    """

    def __init__(self, path: Path, kind: type[Record]):
        self._path = path
        self._kind = kind

    def __iter__(self) -> Iterator[Record]:
        """Yields the whole records, one at a time, in the order in which they were written.

        Raises:
          DataError: the file can't be read; where there is none, it holds nothing.
        """
        try:
            with open_regular(self._path) as file:
                for line in file:
                    if (record := self._record(line)) is not None:
                        yield record
        except DataError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
        except OSError as error:
            raise DataError(f"{self._path} can't be read: {error.strerror}.") from error

    def read(self) -> list[Record]:
        """Returns them all."""
        return list(self)

    def _record(self, line: bytes) -> Record | None:
        try:
            return self._kind.model_validate_json(line)
        except ValidationError:
            return None

    def append(self, records: Iterable[Record]) -> None:
        """Adds records and flushes them to the disk.

        Raises:
          DataError: the file can't be written.
        """
        text = _lines(records)
        try:
            with open_regular(self._path, append=True) as file:
                # A torn line before this one must not swallow its first record.
                file.write(b"\n" + text.encode() if file.tell() else text.encode())
                file.flush()
                os.fsync(file.fileno())
        except (OSError, DataError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            reason = getattr(cause, "strerror", None) or "it is not a regular file"
            raise DataError(
                f"{self._path} can't be written: {reason}. Free some space, then give the same "
                "command again to continue."
            ) from error

    def keep(self, wanted: Callable[[Record], bool]) -> None:
        """Removes the other records, all at once.

        Raises:
          DataError: the file can't be read or written.
        """
        if records := self.read():
            write_atomically(self._path, _lines(each for each in records if wanted(each)).encode())


def _lines(records: Iterable[BaseModel]) -> str:
    return "".join(record.model_dump_json() + "\n" for record in records)
