"""Contestants timed in turns within one process, so that what disturbs one disturbs all."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from utils import processor

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # see proc(5)
_Name = TypeVar("_Name")


@dataclass(frozen=True)
class Timed:
    """What one contestant took, one entry a round.

    Attributes:
      cpu: CPU seconds of all threads of the process.
      wall: seconds that passed.
      memory: MB that the process grew by at most during a call; NaN where the system can't tell.
    """

    cpu: tuple[float, ...]
    wall: tuple[float, ...]
    memory: tuple[float, ...]

    def median_cpu(self) -> float:
        """CPU seconds, the median over the rounds."""
        return statistics.median(self.cpu)

    def median_wall(self) -> float:
        """Seconds, the median over the rounds."""
        return statistics.median(self.wall)

    def spread(self) -> float:
        """(slowest - fastest) / median CPU time: what a ratio's last digits are worth."""
        return (max(self.cpu) - min(self.cpu)) / self.median_cpu()


def interleave(
    contestants: Mapping[_Name, Callable[[], object]], rounds: int
) -> dict[_Name, Timed]:
    """Calls A B C A B C ..., after one call of each that is not counted (it traces and allocates).

    Args:
      contestants: name -> what to time; it must return only when the work is done.
      rounds: how often each is timed.
    """
    for work in contestants.values():
        work()
    taken: dict[_Name, list[tuple[float, float, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            before = _reset_peak()
            cpu, wall = time.process_time(), time.perf_counter()
            work()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            taken[name].append((cpu, wall, _kilobytes("VmHWM") / 1e3 - before))
    return {name: Timed(*zip(*rows, strict=True)) for name, rows in taken.items()}


def cpu_ratio(first: Timed, second: Timed) -> float:
    """CPU time of the first over that of the second: the median of the rounds' own ratios."""
    return statistics.median(a / b for a, b in zip(first.cpu, second.cpu, strict=True))


def wall_ratio(first: Timed, second: Timed) -> float:
    """As `cpu_ratio`, of the seconds that passed."""
    return statistics.median(a / b for a, b in zip(first.wall, second.wall, strict=True))


def description(packages: tuple[str, ...] = ()) -> str:
    """What a table must name: processor, load, versions (also of more packages), date."""
    versions = [f"Python {platform.python_version()}"]
    for package in ("tensorflow", "tf-slim", "numpy", *packages):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    load, today = os.getloadavg()[0], datetime.now(timezone.utc).date().isoformat()
    machine = f"{processor.name()}, {processor.cores()} cores, load average {load:.1f}"
    return f"{machine}; {', '.join(versions)}; {today}"


def _reset_peak() -> float:
    try:
        _CLEAR.write_text(_RESET_PEAK)
    except OSError:
        return float("nan")
    return _kilobytes("VmRSS") / 1e3


def _kilobytes(field: str) -> float:
    if not _STATUS.is_file():
        return float("nan")
    lines = (line.split() for line in _STATUS.read_text().splitlines())
    return next((float(line[1]) for line in lines if line[0] == field + ":"), float("nan"))
