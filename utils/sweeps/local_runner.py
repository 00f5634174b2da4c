"""Runs cells on this machine, N processes at a time."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import takewhile
from types import FrameType
from typing import Any

from utils.sweeps.process import Job, Outcome


def visible_gpus() -> list[str]:
    """Returns the GPUs' names as CUDA_VISIBLE_DEVICES knows them, without loading TensorFlow."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        # What follows a negative one is not seen by CUDA, either.
        return list(takewhile(lambda name: name and name[0] != "-", named.split(",")))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [str(i) for i in range(sum(x.startswith("GPU ") for x in listed.stdout.splitlines()))]


def run_locally(
    jobs: Sequence[Job], report: Callable[[Outcome], None], processes: int | None = None
) -> int:
    """Runs all jobs; a signal stops those that run, between two batches, and starts no more.

    Args:
      jobs: what to run.
      report: called with every outcome, as it comes.
      processes: how many at a time; None: one a GPU, or one.

    Returns:
      0, or 128 + the signal that came.
    """
    gpus = visible_gpus()
    count = processes or max(1, len(gpus))
    slots: queue.Queue[dict[str, str]] = queue.Queue()
    for number in range(count):
        slots.put({"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {})
    with _Children() as children, ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(_in_slot, job, slots, children) for job in jobs]
        for future in as_completed(futures):
            outcome = future.result()
            if outcome is not None:
                report(outcome)
    return 128 + children.signal if children.signal else 0


def _in_slot(job: Job, slots: queue.Queue, children: "_Children") -> Outcome | None:
    if children.signal:
        return None
    environment = slots.get()
    try:
        outcome = job.run(environment, children.add)
    finally:
        slots.put(environment)
    return None if children.signal and outcome.code else outcome


class _Children:
    """The processes under way; while entered, SIGINT and SIGTERM are handed on to them."""

    def __init__(self) -> None:
        self.signal = 0
        self._lock = threading.RLock()
        self._processes: list[subprocess.Popen] = []
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_Children":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def add(self, process: subprocess.Popen) -> None:
        with self._lock:
            self._processes.append(process)
            if self.signal:
                process.terminate()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        with self._lock:
            self.signal = number
            for process in self._processes:
                if process.poll() is None:
                    process.terminate()
