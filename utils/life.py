"""A sign of life: a command that works silently says so before a second of its work has passed.

Where it has said something of its own by then, on standard output or standard error, nothing is
added. The line goes to standard error: what a command prints may be data.
"""

import contextlib
import sys
import threading
import time
from typing import TextIO

from utils.terminal import say

# CPU seconds of the process, the interpreter's start among them.
_SILENT_FOR = 0.6
_EVERY = 0.05  # seconds from one look at the clock to the next


class SignOfLife:
    """Whether this process has said anything yet."""

    def __init__(self) -> None:
        self._said = threading.Event()
        self._lock = threading.Lock()
        self._watching = False
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def watch(self) -> None:
        """From now on, silence that lasts is broken."""
        self._watching = True
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                self._listen(stream)
        self._thread.start()

    def give(self, sentence: str = "At work.") -> None:
        """Breaks the silence now: call it before what keeps even other threads from running.

        What was said and waits for more in a buffer goes out. Does nothing in a process that isn't
        watched.

        Args:
          sentence: what to say where nothing was said yet.
        """
        with self._lock:
            if not self._watching:
                return
            if not self._said.is_set():
                self._said.set()
                # Without one, its number may be another file's.
                if sys.stderr is not None:
                    say(sentence, begun=False)
            elif sys.stdout is not None:
                # Whoever prints next meets what is wrong with it, and tells.
                with contextlib.suppress(OSError, ValueError):
                    sys.stdout.flush()

    def _listen(self, stream: TextIO) -> None:
        write = stream.write

        def first(text: str) -> int:
            # An empty text is no sign of anything.
            if text:
                self._said.set()
                stream.write = write  # type: ignore[method-assign]
            return write(text)

        stream.write = first  # type: ignore[method-assign]

    def _wait(self) -> None:
        while time.process_time() < _SILENT_FOR:
            time.sleep(_EVERY)
        self.give()


LIFE = SignOfLife()
