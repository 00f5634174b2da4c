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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
    """What a worker needs to know of a cell: plain values that travel to another machine.

    Attributes:
      name: the cell's.
      command: its command line.
      cwd: the folder to start it in, since paths in flags may be relative.
      log: file for its output.
      lock: the run folder's lock file.
    """

    name: str
    command: tuple[str, ...]
    cwd: str
    log: str
    lock: str

    def run(
        self,
        environment: dict[str, str] | None = None,
        started: Callable[[subprocess.Popen], None] | None = None,
    ) -> Outcome:
        """Runs the cell to its end.

        Args:
          environment: variables beside the present ones.
          started: called with the process.

        Raises:
          KeyboardInterrupt: after the process has stopped, too.
        """
        begin = time.monotonic()
        _wait_until_free(Path(self.lock))
        Path(self.log).parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as output:
            process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | (environment or {}),
                # Ctrl-C reaches it through us, once; and it must not outlive us.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
            if started:
                started(process)
            try:
                code = process.wait()
            except BaseException:
                process.terminate()
                process.wait()
                raise
        code = code if code >= 0 else 128 - code
        seconds = time.monotonic() - begin
        return Outcome(self.name, code, seconds, _last_line(self.log) if code else "", self.log)


def _die_with_parent() -> None:
    set_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


def _wait_until_free(lock: Path) -> None:
    """Waits while a run that lost its parent finishes its batch there."""
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


def _last_line(log: str) -> str:
    lines = Path(log).read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
