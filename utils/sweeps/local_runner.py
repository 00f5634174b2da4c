"""Runs cells on this machine, N at a time: in workers that take many, or a process a cell."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from itertools import takewhile
from types import FrameType
from typing import Any

from utils.sweeps.process import Hand, Job, Outcome, ProcessPerCell
from utils.sweeps.worker import Worker


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
    jobs: Sequence[Job],
    report: Callable[[Outcome], None],
    processes: int | None = None,
    memory: float | None = None,
) -> int:
    """Runs all jobs; a signal stops those that run, between two batches, and starts no more.

    Args:
      jobs: what to run.
      report: called with every outcome, as it comes.
      processes: how many at a time; None: one a GPU, or one.
      memory: bytes that each of so many workers may keep between cells; None: each cell is a
        process of its own.

    Returns:
      0, or 128 + the signal that came.
    """
    gpus = visible_gpus()
    count = min(processes or max(1, len(gpus)), max(1, len(jobs)))
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    ended: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    with _Hands() as hands:
        for number in range(count):
            where = {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
            hand: Hand = ProcessPerCell(where) if memory is None else Worker(memory, where)
            hands.add(hand)
            threading.Thread(target=_work, args=(hand, hands, waiting, ended), daemon=True).start()
        while count:
            outcome = ended.get()
            if outcome is None:
                count -= 1
            elif isinstance(outcome, BaseException):
                hands.stop(signal.SIGTERM)
                raise outcome
            else:
                report(outcome)
    return 128 + hands.signal if hands.signal else 0


def _work(
    hand: Hand, hands: "_Hands", waiting: queue.SimpleQueue, ended: queue.SimpleQueue
) -> None:
    """What one thread does: cell after cell, then None. Its processes end with it."""
    try:
        while not hands.signal:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                break
            outcome = hand.run(job)
            if not (hands.signal and outcome.code):
                ended.put(outcome)
        hand.close()
        ended.put(None)
    except BaseException as error:
        ended.put(error)


class _Hands:
    """Those at work; while entered, SIGINT and SIGTERM are handed on to them."""

    def __init__(self) -> None:
        self.signal = 0
        self._hands: list[Hand] = []
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_Hands":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def add(self, hand: Hand) -> None:
        self._hands.append(hand)
        if self.signal:
            hand.stop()

    def stop(self, number: int) -> None:
        """Has all of them stop, for this signal."""
        self.signal = number
        for hand in self._hands:
            hand.stop()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.stop(number)
