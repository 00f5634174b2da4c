"""Where the user reads, also while a library's chatter is kept from there."""

import contextlib
import os
import sys
from collections.abc import Iterator

_descriptor = 2


def say(sentence: str, begun: bool = True) -> None:
    """Writes a sentence of this command to standard error, from whatever thread or state.

    Args:
      sentence: what to say.
      begun: a progress bar may stand there without an end of line.
    """
    with contextlib.suppress(OSError):
        line = "\n" if begun and os.isatty(_descriptor) else ""
        name = os.path.basename(sys.argv[0])
        os.write(_descriptor, f"{line}{name}: {sentence}\n".encode())


@contextlib.contextmanager
def diverted(file: int) -> Iterator[None]:
    """Has all that is written to standard error go to a file, but for what `say` does.

    Args:
      file: its descriptor.
    """
    global _descriptor
    sys.stderr.flush()
    _descriptor = os.dup(2)
    os.dup2(file, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(_descriptor, 2)
        os.close(_descriptor)
        _descriptor = 2
