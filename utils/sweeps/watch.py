"""What a sweep shows while its cells run: how far each of them is, from its log."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.sweeps.process import Job

_SECONDS_BETWEEN = 1.0
_END_OF_LOG = 4096
# A bar of a run's: "Crafting:  40%|####      | 40/100 [00:05<00:08, 7.1image/s]".
_BAR = re.compile(r"(\w+): +(\d+)%\|[^|\r\n]*\| (\S+)")


def last_bar(log: Path) -> str:
    """Returns how far a cell is by the end of its log: "Crafting 40 % (40/100)"; or nothing."""
    try:
        with open(log, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _END_OF_LOG))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    found = _BAR.findall(text)
    return "{} {} % ({})".format(*found[-1]) if found else ""


class Watch:
    """While entered, tells once a second how far the cells under way are."""

    def __init__(self, jobs: Sequence[Job], tell: Callable[[str], None]) -> None:
        """Takes the cells.

        Args:
          jobs: all of them.
          tell: called with "NAME: Crafting 40 % (40/100)", one cell after the other.
        """
        self._logs = {job.name: Path(job.log) for job in jobs}
        self._tell = tell
        self._began = time.time()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def ended(self, name: str) -> None:
        """Tells no more of a cell."""
        self._logs.pop(name, None)

    def _watch(self) -> None:
        while not self._over.wait(_SECONDS_BETWEEN):
            self._tell("; ".join(f"{name}: {bar}" for name, bar in self._under_way()))

    def _under_way(self) -> list[tuple[str, str]]:
        bars = []
        for name, log in list(self._logs.items()):
            # An older log is of an earlier sweep.
            if log.exists() and log.stat().st_mtime >= self._began - 1:
                bars.append((name, last_bar(log) or "starting"))
        return bars
