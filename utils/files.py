"""Reading files that may be anything, writing them whole or not at all, naming them by content."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from utils.errors import DataError

_BLOCK = 1 << 20


def open_regular(path: Path, append: bool = False) -> BinaryIO:
    """Opens a regular file in bytes, and never waits for a pipe or a device.

    Args:
      path: the file.
      append: to add to it, and make it where there is none; else to read it.

    Raises:
      DataError: it can't be opened, or is a folder, a pipe, a socket or a device.
    """
    what = "written" if append else "read"
    access = os.O_WRONLY | os.O_APPEND | os.O_CREAT if append else os.O_RDONLY
    try:
        # Without waiting: opening a pipe would last until somebody is at its other end.
        handle = os.open(path, access | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise DataError(f"{path} can't be {what}: it is not a regular file.")
        return os.fdopen(handle, "ab" if append else "rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} can't be {what}: {reason}.") from error


def read_regular(path: Path, most: int) -> bytes | None:
    """Returns a regular file's bytes, or None where there are more than `most`.

    Raises:
      DataError: as `open_regular`, or its bytes can't be had.
    """
    try:
        with open_regular(path) as file:
            content = file.read(most + 1)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from error
    return content if len(content) <= most else None


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes in hexadecimal, reading it in blocks.

    Raises:
      DataError: the file can't be read.
    """
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from error
    return digest.hexdigest()


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Writes a file so that its name holds the old content or the new one, never a part.

    The content goes to a temporary file in the same folder, is flushed to the disk and then takes
    the name. A symbolic link under that name is replaced, not followed.

    Args:
      path: the file.
      content: its bytes, or pieces of them that follow each other.

    Raises:
      DataError: the folder can't be written or the disk is full; nothing is left behind.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".partial")
        with os.fdopen(handle, "wb") as file:
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise DataError(
            f"{path} can't be written: {error.strerror}. Free some space or choose another "
            "--output_dir."
        ) from error
    finally:
        # After os.replace the temporary name is gone; after a failure it must not stay.
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
