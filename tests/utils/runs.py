"""Small runs on the demo zoo, each in a process of its own."""

import contextlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--zoo=demo", "--limit=12", "--batch_size=4", "--num_iter=2")
# The cheapest networks: a run of two victims takes about a second.
NETWORKS = ("--source=demo_vgg", "--victims=demo_vgg,demo_resnet")
IMAGES = 12
RUN = Path("demo", "demo_vgg", "if", "eps16")


class Started:
    """A run under way.

    Attributes:
      peak: the most memory that it had, in kB; known when it has ended.
    """

    def __init__(self, server: subprocess.Popen, log: Path):
        self._server = server
        self._log = log
        # Stands for this very process, even when its number is another's by now.
        self._process = os.pidfd_open(int(server.stdout.readline()))
        server.stdin.write("\n")
        server.stdin.flush()
        self._code, self.peak = None, None

    def ended(self) -> bool:
        """Whether the process is gone."""
        return bool(select.select([self._process], [], [], 0)[0])

    def signal(self, number: int) -> None:
        """Sends a signal; nothing happens where the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, number)

    def wait(self) -> int:
        """Waits for the end and returns the exit code, negative for a signal."""
        if self._code is None:
            self._code, self.peak = map(int, self._server.stdout.readline().split())
            os.close(self._process)
        return self._code

    def text(self) -> str:
        """What it printed."""
        return self._log.read_text()


class Runner:
    """Starts runs of attack.py from a process that has imported TensorFlow; one at a time."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._logs = (folder / f"{number}.log" for number in itertools.count())
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("fork_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def start(self, output: Path, *flags: str) -> Started:
        """Starts `attack.py` with the small settings and these flags (which win)."""
        log = next(self._logs)
        arguments = [*SMALL, *NETWORKS, f"--output_dir={output}", *flags]
        self._server.stdin.write(json.dumps({"arguments": arguments, "log": str(log)}) + "\n")
        self._server.stdin.flush()
        return Started(self._server, log)

    def run(self, output: Path, *flags: str, code: int = 0) -> str:
        """Runs to the end, holds it to an exit code and returns what it printed."""
        started = self.start(output, *flags)
        assert started.wait() == code, started.text()
        return started.text()

    @contextlib.contextmanager
    def another(self) -> Iterator["Runner"]:
        """A second server, for a run beside one of this."""
        folder = self._folder / "another"
        folder.mkdir()
        server = Runner(folder)
        yield server
        server.close()

    def close(self) -> None:
        """Ends the server."""
        self._server.stdin.close()
        self._server.wait()


def results(folder: Path) -> dict[str, bytes]:
    """Returns name -> bytes of every PNG and CSV of a run's folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".png", ".csv")
    }


def wait_until(holds: Callable[[], bool], seconds: float = 300) -> None:
    """Looks every few milliseconds; fails the test if it never holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def stop_at_first_png(started: Started, folder: Path) -> None:
    """Suspends a run once its first image is there."""
    wait_until(lambda: started.ended() or any(folder.glob("*/*.png")))
    started.signal(signal.SIGSTOP)
