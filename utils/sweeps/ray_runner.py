"""Runs cells on a Ray cluster: an actor a GPU, or a node, that takes many.

All nodes need the checkout, its Python environment and the output folder at the same paths, as on a
shared file system. A cell whose node dies is begun again elsewhere and continues what is there.
"""

import importlib.util
import logging
import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from utils.errors import UsageError
from utils.sweeps.process import Hand, Job, Outcome, ProcessPerCell
from utils.sweeps.worker import Worker

_ROOT = str(Path(__file__).resolve().parents[2])
# How many nodes may die under one cell.
_RETRIES = 5
# Seconds for the batches under way.
_PATIENCE = 120


def find_ray() -> None:
    """Makes sure that Ray is installed, without loading it.

    Raises:
      UsageError: it isn't.
    """
    if "ray" in sys.modules:
        found = sys.modules["ray"] is not None
    else:
        found = importlib.util.find_spec("ray") is not None
    if not found:
        raise UsageError(
            "--runner ray needs Ray: install it with `pip install -r requirements-ray.txt`, or "
            "leave --runner out."
        )


def run_on_ray(
    jobs: Sequence[Job],
    report: Callable[[Outcome], None],
    address: str | None = None,
    memory: float | None = None,
) -> int:
    """Runs all jobs: one at a time a GPU, or where the cluster has none, a node.

    Args:
      jobs: what to run.
      report: called with every outcome, as it comes.
      address: the cluster's; None: RAY_ADDRESS or one on this machine, else a new local one.
      memory: bytes that each actor's worker may keep between cells; None: each cell is a process
        of its own.

    Returns:
      0, or 128 + the signal that came.

    Raises:
      UsageError: Ray is not installed, or the cluster can't be reached.
    """
    find_ray()
    import ray

    path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    try:
        ray.init(
            address=address,
            runtime_env={"env_vars": {"PYTHONPATH": path}},
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(f"--ray_address {address} can't be reached: {error}") from error
    try:
        return _run(ray, jobs, report, memory)
    finally:
        ray.shutdown()


class Actor:
    """Cell after cell on one GPU, or on one node's processors."""

    def __init__(self, memory: float | None) -> None:
        self._hand: Hand = ProcessPerCell() if memory is None else Worker(memory)

    def ready(self) -> None:
        """Answers once it has been placed."""

    def run(self, job: Job) -> Outcome:
        """Runs a cell to its end."""
        return self._hand.run(job)

    def stop(self) -> None:
        """Has its cell stop between two batches."""
        self._hand.stop()


class _Crew:
    """Actors that are placed, and cells that wait for one.

    Args:
      ray: the module.
      jobs: the cells.
      report: called with every outcome.
      memory: as of `run_on_ray`.
    """

    def __init__(
        self,
        ray: ModuleType,
        jobs: Sequence[Job],
        report: Callable[[Outcome], None],
        memory: float | None,
    ) -> None:
        self._ray, self._report = ray, report
        self._waiting = deque(jobs)
        self._losses: Counter[str] = Counter()
        resources = _resources(ray)
        make = ray.remote(Actor).options(max_concurrency=2, **resources)
        self._make = lambda: make.remote(memory)
        # An actor's answer to come -> the actor, and the cell, or None while it is placed.
        self._running: dict[Any, tuple[Any, Job | None]] = {}
        for _ in range(min(len(jobs), _places(ray, resources))):
            self._add()

    def _add(self) -> None:
        actor = self._make()
        self._running[actor.ready.remote()] = actor, None

    def work(self) -> None:
        """Runs all cells; a cell whose node dies is begun again elsewhere, where it continues."""
        while self._waiting or any(job for _, job in self._running.values()):
            (answer, *_), _ = self._ray.wait(list(self._running), num_returns=1)
            actor, job = self._running.pop(answer)
            try:
                outcome = self._ray.get(answer)
                if job is not None:
                    self._report(outcome)
            except self._ray.exceptions.RayError as error:
                self._lost(job, error)
                continue
            if self._waiting:
                job = self._waiting.popleft()
                self._running[actor.run.remote(job)] = actor, job

    def _lost(self, job: Job | None, error: Exception) -> None:
        if job is not None:
            self._losses[job.name] += 1
            if self._losses[job.name] > _RETRIES:
                message = str(error).strip().splitlines()[0]
                self._report(Outcome(job.name, 1, 0.0, f"Ray gave it up: {message}", job.log))
            else:
                self._waiting.appendleft(job)
        if self._waiting:
            # It waits where there is no place for it now: for another node, or for this one.
            self._add()

    def stop(self) -> None:
        """Has all cells stop between two batches, and waits for that."""
        for actor, job in self._running.values():
            if job is not None:
                actor.stop.remote()
        cells = [answer for answer, (_, job) in self._running.items() if job is not None]
        if cells:
            self._ray.wait(cells, num_returns=len(cells), timeout=_PATIENCE)


def _run(
    ray: ModuleType,
    jobs: Sequence[Job],
    report: Callable[[Outcome], None],
    memory: float | None,
) -> int:
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        crew = _Crew(ray, jobs, report, memory)
        try:
            crew.work()
        except KeyboardInterrupt as signalled:
            crew.stop()
            return 128 + (signalled.args[0] if signalled.args else signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, previous)
    return 0


def _resources(ray: ModuleType) -> dict[str, float]:
    if ray.cluster_resources().get("GPU"):
        return {"num_cpus": 1, "num_gpus": 1}
    # TensorFlow takes all of a node's cores, so two cells on one node would only share them.
    return {"num_cpus": min((count for count in _on_nodes(ray, "CPU") if count), default=1)}


def _places(ray: ModuleType, resources: dict[str, float]) -> int:
    """How many actors find a place at once, at least one."""
    kind, name = ("GPU", "num_gpus") if "num_gpus" in resources else ("CPU", "num_cpus")
    return max(1, sum(int(count // resources[name]) for count in _on_nodes(ray, kind)))


def _on_nodes(ray: ModuleType, kind: str) -> list[float]:
    return [node["Resources"].get(kind, 0) for node in ray.nodes() if node["Alive"]]


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)
