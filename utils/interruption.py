"""SIGINT and SIGTERM end a run between two batches, after what is under way has been written."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from utils.errors import Interrupted
from utils.terminal import say

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def stop_at_once(number: int, frame: FrameType | None = None) -> None:
    """Ends the process now, whatever its threads do, with one sentence and 128 + the signal.

    What is on the disk stays whole: files get their names when they are complete, and a torn last
    line of a journal does not count.
    """
    say(f"Stopped by {signal.Signals(number).name}; what is finished is written.")
    os._exit(128 + number)


def stop_at_once_from_now_on() -> None:
    """Has the next SIGINT end the process, where nothing is to be waited for.

    So it is while modules are imported, where an exception may be taken for one of theirs, and when
    a command has ended but for its threads. A SIGINT that is ignored stays so.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop_at_once)


@contextlib.contextmanager
def stopping_at_once() -> Iterator[None]:
    """While entered, SIGINT ends the process, unless somebody else than Python takes care of it."""
    is_python_s = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_python_s or threading.current_thread() is not threading.main_thread():
        yield
        return
    stop_at_once_from_now_on()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Interruption:
    """While entered, notes a signal; `check` raises it where stopping is safe.

    The main thread may be in a long call of TensorFlow, in which Python runs no handler of signals:
    so a thread of its own acknowledges the first one, and ends the process at a second. Where it is
    entered in another thread than the main one, which alone may take signals, it notes none.

    Attributes:
      under_way: what a signal waits for, for the user; set it as the work goes on.
      acknowledged: whether a signal came and the user was told.
    """

    def __init__(self, end: Callable[[int], None] = stop_at_once) -> None:
        self.under_way = "what is under way"
        self._end = end
        self._signal: int | None = None
        self._previous: dict[int, Any] = {}
        self.acknowledged = False

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is not threading.main_thread():
            return self
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._previous_fd = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in _SIGNALS:
            self._previous[number] = signal.signal(number, self._note)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if not self._previous:
            return
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        os.close(self._writing)
        self._watcher.join()
        os.close(self._reading)

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The thread does the rest, whenever the main thread comes to this.
        self._signal = self._signal or number

    def _watch(self) -> None:
        while byte := os.read(self._reading, 1):
            number = byte[0]
            if number not in _SIGNALS:
                continue
            if self.acknowledged:
                self._end(number)
                continue
            self.acknowledged, self._signal = True, number
            name = signal.Signals(number).name
            say(f"{name}: waiting for {self.under_way}; once more ends it at once.")

    def check(self) -> None:
        """Raises Interrupted (exit code 130 or 143) if a signal came."""
        if self._signal is not None:
            name = signal.Signals(self._signal).name
            raise Interrupted(
                f"Stopped by {name}; what is finished is written. Give the same command again to "
                "continue.",
                128 + self._signal,
            )
