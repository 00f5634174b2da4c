"""Files of flags (--flagfile), looked through before absl reads them without any limit."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from utils.errors import UsageError
from utils.files import read_regular

_LONGEST = 1 << 16
# Counted each time one is named: a few that name each other twice would stand for billions.
_MOST_FILES = 50
_FLAG = ("--flagfile", "-flagfile")


def check_flag_files(arguments: Iterable[str]) -> None:
    """Refuses what absl would wait for, read without end or not understand.

    Args:
      arguments: the command line.

    Raises:
      DataError: a file can't be read, or is a pipe, a device or a folder.
      UsageError: one is too long or no text, or there are too many.
    """
    waiting = list(_named(arguments))
    for count, path in enumerate(waiting, 1):
        if count > _MOST_FILES:
            raise UsageError(
                f"--flagfile {waiting[0]} leads to more than {_MOST_FILES} files: put the flags "
                "into one."
            )
        # What is appended meanwhile is gone through, too.
        waiting += _named(_text(path).splitlines())


def _text(path: str) -> str:
    content = read_regular(Path(path), _LONGEST)
    try:
        text = None if content is None else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"--flagfile {path} is no text in UTF-8 ({error}).") from error
    if text is None or "\0" in text:
        raise UsageError(
            f"--flagfile {path} is no file of flags: give a text of at most {_LONGEST} bytes, one "
            "flag a line."
        )
    return text


def _named(arguments: Iterable[str]) -> Iterator[str]:
    """Yields the files of flags that arguments, or the lines of such a file, name."""
    before = ""
    for argument in arguments:
        name, equals, path = argument.partition("=")
        if before in _FLAG or (name in _FLAG and equals):
            path = argument if before in _FLAG else path
            if path.strip():
                yield os.path.expanduser(path.strip())
            argument = ""
        before = argument
