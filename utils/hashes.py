"""SHA-256 of files, computed once for each state that a file is seen in.

A resumed run asks several times what an image's bytes are: to know what is finished, to find what
a victim has said of it, to measure what it cost; and cells share their networks. A file counts as
the same as long as its inode, size and times of change are; whoever verifies a run computes all
digests anew, in a new process.
"""

import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from utils.files import sha256_of

State = tuple[int, int, int, int, int]

# A digest and its key take about 400 bytes: 80 MB at most, and more images than a run may have with
# a mode or two.
_MOST = 200_000
_known: OrderedDict[State, str] = OrderedDict()
_lock = Lock()


def state_of(path: Path) -> State | None:
    """Returns what changes when a file's bytes do; None where there is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def file_sha256(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes in hexadecimal.

    Raises:
      DataError: the file can't be read.
    """
    state = state_of(path)
    digest = _known.get(state) if state is not None else None
    if digest is None:
        digest = sha256_of(path)
        # Not where it changed in the meantime.
        if state is not None and state_of(path) == state:
            _remember(state, digest)
    return digest


def content_sha256(path: Path, content: bytes, before: State | None) -> str:
    """Returns the SHA-256 of bytes that were just read from a file, or written to it.

    Args:
      path: the file.
      content: its bytes.
      before: its state before they were read; after they were written.
    """
    # The bytes are of that state only if it is still the file's.
    settled = before is not None and state_of(path) == before
    digest = _known.get(before) if before is not None and settled else None
    if digest is None:
        digest = hashlib.sha256(content).hexdigest()
        if before is not None and settled:
            _remember(before, digest)
    return digest


def _remember(state: State, digest: str) -> None:
    with _lock:
        _known[state] = digest
        while len(_known) > _MOST:
            _known.popitem(last=False)
