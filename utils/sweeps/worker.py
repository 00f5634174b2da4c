"""A process that takes many cells: TensorFlow is started, and networks are loaded, once.

The process runs `main` of this module: it reads a JSON object a line (the cell's flags, its
command line, its log and the lock of its folder), runs the cell as attack.py would, with all that
is printed in the log, and answers with the exit code. Where it dies, a new one takes its place.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, BinaryIO, NoReturn, cast

from utils.sweeps.process import Job, Outcome, outcome_of, start, wait_until_free

_ROOT = str(Path(__file__).resolve().parents[2])
# Not by `-m`, which would look for `utils` in the user's folder first.
_PROGRAM = (
    "import sys; sys.path[0] = sys.argv[1]; "
    "from utils.sweeps.worker import main; main(sys.argv[2:])"
)
# How often a cell is tried whose worker dies.
_TRIES = 2


class Worker:
    """A worker process, as whoever gives it cells sees it.

    Args:
      memory: bytes that it may keep between cells, see `utils.pipeline.session.Session`.
      environment: variables beside the present ones.
    """

    def __init__(self, memory: float, environment: dict[str, str] | None = None) -> None:
        self._environment = environment or {}
        self._memory = memory
        self._process: subprocess.Popen | None = None
        self._stopping = False

    def run(self, job: Job) -> Outcome:
        """Runs a cell; one whose worker dies is tried once more and then given up."""
        begin = time.monotonic()
        code = 0
        for _ in range(_TRIES):
            process = self._started(job.cwd)
            answer = _ask(process, job)
            if answer is not None:
                return outcome_of(job, answer, _since(begin))
            code = process.wait()
            self._process = None
            if self._stopping:
                return outcome_of(job, code or 128 + signal.SIGTERM, _since(begin))
        death = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Outcome(
            job.name,
            128 - code if code < 0 else code or 1,
            _since(begin),
            f"The worker died of it {_TRIES} times ({death}); the last line in its log: "
            f"{outcome_of(job, 1, 0).message}",
            job.log,
        )

    def stop(self) -> None:
        """Sends SIGTERM to the process: it stops between two batches."""
        self._stopping = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def used(self) -> dict[str, float]:
        """Returns what the process has used: seconds of "cpu", bytes of "memory" now (Linux)."""
        if self._process is None:
            return {"cpu": 0.0, "memory": 0.0}
        place = Path("/proc", str(self._process.pid))
        # The name in brackets may hold anything; user and system time are the 12th and 13th then.
        fields = (place / "stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        pages = int((place / "statm").read_text().split()[1])
        return {
            "cpu": ticks / os.sysconf("SC_CLK_TCK"),
            "memory": float(pages * os.sysconf("SC_PAGE_SIZE")),
        }

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            orders, answers = _pipes(self._process)
            orders.close()
            self._process.wait()
            answers.close()
            self._process = None

    def _started(self, cwd: str) -> subprocess.Popen:
        if self._process is None or self._process.poll() is not None:
            self._process = start(
                (sys.executable, "-c", _PROGRAM, _ROOT, str(self._memory)),
                cwd=cwd,
                environment=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        if self._stopping:
            self._process.terminate()
        return self._process


def _ask(process: subprocess.Popen, job: Job) -> int | None:
    """Returns the cell's exit code, or None where the process died of it."""
    Path(job.log).parent.mkdir(parents=True, exist_ok=True)
    Path(job.log).write_bytes(b"")
    orders, answers = _pipes(process)
    order = {"flags": job.flags, "command": job.command, "log": job.log, "lock": job.lock}
    try:
        orders.write((json.dumps(order) + "\n").encode())
        orders.flush()
    except BrokenPipeError:
        return None
    answer = answers.readline()
    return int(answer) if answer else None


def _pipes(process: subprocess.Popen) -> tuple[IO[bytes], IO[bytes]]:
    return cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)


def _since(begin: float) -> float:
    return time.monotonic() - begin


def serve(orders: BinaryIO, answers: BinaryIO, memory: float) -> None:
    """Runs the cells that are ordered until no more come or a signal does."""
    session: Any = None
    for line in orders:
        order = json.loads(line)
        with open(order["log"], "wb") as log:
            _send_output_to(log.fileno())
        if session is None:
            # Here, where the log takes what goes wrong with it.
            from utils.pipeline.config import RunConfig
            from utils.pipeline.session import Session
            from utils.sweeps.in_turn import run_one

            session = Session(memory)
        # Right before the run, which is refused where another is at work.
        wait_until_free(Path(order["lock"]))
        # The first word is Python: what run.json names begins with the script.
        name = shlex.join(order["command"][1:])
        code = run_one(RunConfig.of_flags(order["flags"]), session, name)
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(b"%d\n" % code)
        answers.flush()
        if code > 128:
            return


def _send_output_to(file: int) -> None:
    os.dup2(file, 1)
    os.dup2(file, 2)


def main(arguments: list[str]) -> NoReturn:
    """Serves on what standard input and output were, and ends the process."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    _send_output_to(nowhere)
    serve(orders, answers, float(arguments[0]))
    # All is written; taking TensorFlow apart would only take time.
    os._exit(0)
