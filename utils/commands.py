"""The frame of every command: what ends it is told in one sentence, never in a traceback."""

import functools
import sys
from collections.abc import Callable

from utils.errors import BenchError

Main = Callable[[list[str]], int]


def command(name: str) -> Callable[[Main], Main]:
    """Makes a command of a function of its arguments that returns the exit code.

    Args:
      name: stands before the sentence.
    """

    def frame(main: Main) -> Main:
        @functools.wraps(main)
        def framed(arguments: list[str]) -> int:
            try:
                return main(arguments)
            except BenchError as error:
                return _say(name, str(error), error.exit_code)
            except OSError as error:
                where = f"{error.filename}: " if error.filename else ""
                return _say(name, f"{where}{error.strerror or error}.", 1)
            except KeyboardInterrupt:
                return _say(name, "Stopped by SIGINT; what is finished is written.", 130)

        return framed

    return frame


def _say(name: str, sentence: str, code: int) -> int:
    print(f"{name}: {sentence}", file=sys.stderr)
    return code
