"""One cell as a process: `python attack.py ...` with its output in a log file.

This module imports nothing heavy: a cluster's workers import it for every cell.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

_LOCK_PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Attributes:
      name: the cell's.
      code: exit code; 0 is success.
      seconds: what it took.
      message: the last line that it printed, where it failed.
      log: all that it printed.
    """

    name: str
    code: int
    seconds: float
    message: str = ""
    log: str = ""


@dataclass(frozen=True)
class Job:
    """What whoever runs a cell needs to know of it: plain values that travel to another machine.

    Attributes:
      name: the cell's.
      command: its command line.
      cwd: the folder to start it in, since paths in flags may be relative.
      log: file for its output.
      lock: the run folder's lock file.
      flags: every flag of attack.py under its own name, for a worker.
    """

    name: str
    command: tuple[str, ...]
    cwd: str
    log: str
    lock: str
    flags: dict[str, Any] = field(default_factory=dict)


class Hand(Protocol):
    """Runs one cell after another; may be told to stop from another thread or a signal handler."""

    def run(self, job: Job) -> Outcome:
        """Runs a cell to its end, whatever that is."""

    def stop(self) -> None:
        """Has the cell that runs, and any later one, stop between two batches."""

    def close(self) -> None:
        """Lets go of what it holds; no cell runs."""


class ProcessPerCell:
    """Starts a process of its own for each cell.

    Args:
      environment: variables beside the present ones.
    """

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._environment = environment or {}
        self._process: subprocess.Popen | None = None
        self._stopping = False

    def run(self, job: Job) -> Outcome:
        """Runs a cell; raises KeyboardInterrupt after the process has stopped, too."""
        begin = time.monotonic()
        wait_until_free(Path(job.lock))
        Path(job.log).parent.mkdir(parents=True, exist_ok=True)
        with open(job.log, "wb") as output:
            self._process = start(
                job.command,
                cwd=job.cwd,
                environment=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            if self._stopping:
                self._process.terminate()
            try:
                code = self._process.wait()
            except BaseException:
                self._process.terminate()
                self._process.wait()
                raise
        return outcome_of(job, code, time.monotonic() - begin)

    def stop(self) -> None:
        """Sends SIGTERM to the process that runs."""
        self._stopping = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def close(self) -> None:
        """Does nothing: no process outlives its cell."""


def start(
    command: tuple[str, ...], cwd: str, environment: dict[str, str], **streams: Any
) -> subprocess.Popen:
    """Starts a process that Ctrl-C reaches through us, once, and that doesn't outlive us.

    On Linux it gets SIGTERM when the thread that started it ends.
    """
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=os.environ | environment,
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        **streams,
    )


def outcome_of(job: Job, code: int, seconds: float) -> Outcome:
    """Returns how a cell ended whose process, or whose part of one, ended with this code."""
    code = code if code >= 0 else 128 - code
    return Outcome(job.name, code, seconds, last_line(job.log) if code else "", job.log)


def _die_with_parent() -> None:
    set_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


def wait_until_free(lock: Path) -> None:
    """Waits while another process is at work in a run's folder, for a minute at most.

    It may be a run that lost its parent and finishes its batch, or another sweep's.
    """
    deadline = time.monotonic() + _LOCK_PATIENCE
    while time.monotonic() < deadline:
        try:
            with open(lock) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.5)


def last_line(log: str) -> str:
    """Returns the last line of a cell's log that says something."""
    lines = Path(log).read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
