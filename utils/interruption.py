"""SIGINT and SIGTERM end a run between two batches, after what is under way has been written."""

import signal
from types import FrameType
from typing import Any

from utils.errors import Interrupted


class Interruption:
    """While entered, notes a signal; `check` raises it where stopping is safe.

    A second signal is not held back, so that a run that hangs can still be stopped.
    """

    def __init__(self) -> None:
        self._signal: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        for each, handler in self._previous.items():
            signal.signal(each, handler)

    def check(self) -> None:
        """Raises Interrupted (exit code 130 or 143) if a signal came."""
        if self._signal is not None:
            name = signal.Signals(self._signal).name
            raise Interrupted(
                f"Stopped by {name}; what is finished is written. Give the same command again to "
                "continue.",
                128 + self._signal,
            )
