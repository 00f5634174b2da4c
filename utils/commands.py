"""The frame of every command: what ends it is told in one sentence, never in a traceback."""

import argparse
import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from utils.errors import BenchError, Interrupted, is_out_of_memory
from utils.interruption import stop_at_once, stop_at_once_from_now_on
from utils.life import LIFE
from utils.text import one_line

Main = Callable[[list[str]], int]


def command(name: str) -> Callable[[Main], Main]:
    """Makes a command of a function of its arguments that returns the exit code.

    Args:
      name: stands before the sentence.
    """

    def frame(main: Main) -> Main:
        @functools.wraps(main)
        def framed(arguments: list[str]) -> int:
            if signal.getsignal(signal.SIGINT) is stop_at_once:
                # From here on there may be something to put in order.
                signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                code = _ended(main, arguments)
                # Here, where a full disk can still be told of, and not when the interpreter ends.
                sys.stdout.flush()
                return code
            except BenchError as error:
                if isinstance(error, Interrupted):
                    stop_at_once_from_now_on()
                return _say(name, str(error), error.exit_code)
            except BrokenPipeError:
                return reader_has_gone()
            except OSError as error:
                _point_elsewhere(sys.stdout)
                where = f"{error.filename}: " if error.filename else ""
                return _say(name, f"{where}{error.strerror or error}.", 1)
            except UnicodeEncodeError as error:
                return _say(name, f"A name that is no valid text ({error.object!a}): rename it.", 1)
            except KeyboardInterrupt:
                stop_at_once_from_now_on()
                return _say(name, "Stopped by SIGINT; what is finished is written.", 130)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                return _say(
                    name, "The memory doesn't suffice: give a smaller --batch_size, or --limit.", 1
                )

        return framed

    return frame


def _ended(main: Main, arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit:
        # After --help: what it printed may meet a reader that has gone.
        sys.stdout.flush()
        raise


def reader_has_gone() -> int:
    """Ends in peace where whoever read the output has seen enough, as `head` does: returns 141."""
    _point_elsewhere(sys.stdout)
    return 141


def positive(text: str) -> int:
    """Reads a flag's whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def whole(text: str) -> int:
    """Reads a flag's whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 0")
    return int(text)


def _say(name: str, sentence: str, code: int) -> int:
    try:
        print(f"{name}: {one_line(sentence)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        # Nobody can be told; the exit code still tells.
        _point_elsewhere(sys.stderr)
    return code


def _point_elsewhere(stream: object) -> None:
    """Sends what a broken stream still holds to nowhere, so that the interpreter ends in peace."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        return


def _is_command() -> bool:
    """Whether this process is one of our commands, and not a test or somebody's program."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    here = Path(__file__).resolve().parents[1]
    return file is not None and Path(file).resolve().parent in (here, here / "scripts")


# A signal may come while TensorFlow is being imported, before any frame is there.
if _is_command():
    stop_at_once_from_now_on()
    LIFE.watch()
