"""Runs cells on a Ray cluster, one task a cell.

All nodes need the checkout, its Python environment and the output folder at the same paths, as on a
shared file system. A task whose node dies is started again elsewhere and continues what is there.
"""

import importlib.util
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, ModuleType

from utils.errors import UsageError
from utils.sweeps.process import Job, Outcome

_ROOT = str(Path(__file__).resolve().parents[2])
# How many nodes may die under one cell.
_RETRIES = 5


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
    jobs: Sequence[Job], report: Callable[[Outcome], None], address: str | None = None
) -> int:
    """Runs all jobs: one at a time a GPU, or where the cluster has none, a node.

    Args:
      jobs: what to run.
      report: called with every outcome, as it comes.
      address: the cluster's; None: RAY_ADDRESS or one on this machine, else a new local one.

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
        return _run(ray, jobs, report)
    finally:
        ray.shutdown()


def _run(ray: ModuleType, jobs: Sequence[Job], report: Callable[[Outcome], None]) -> int:
    start = ray.remote(max_retries=_RETRIES, **_resources(ray))(_task)
    pending = {start.remote(job): job for job in jobs}
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        while pending:
            (reference, *_), _ = ray.wait(list(pending), num_returns=1)
            job = pending.pop(reference)
            try:
                report(ray.get(reference))
            except ray.exceptions.RayError as error:
                message = str(error).strip().splitlines()[0]
                report(Outcome(job.name, 1, 0.0, f"Ray gave it up: {message}", job.log))
    except KeyboardInterrupt as signalled:
        for reference in pending:
            # The worker gets a KeyboardInterrupt, and with it the process stops after its batch.
            ray.cancel(reference, recursive=False)
        ray.wait(list(pending), num_returns=len(pending), timeout=120)
        return 128 + (signalled.args[0] if signalled.args else signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, previous)
    return 0


def _task(job: Job) -> Outcome:
    return job.run()


def _resources(ray: ModuleType) -> dict[str, float]:
    if ray.cluster_resources().get("GPU"):
        return {"num_cpus": 1, "num_gpus": 1}
    # TensorFlow takes all of a node's cores, so two cells on one node would only share them.
    cores = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    return {"num_cpus": min((count for count in cores if count), default=1)}


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)
