"""Who runs the cells: the names that --runner knows."""

from functools import partial

from utils.sweeps.local_runner import run_locally
from utils.sweeps.ray_runner import run_on_ray
from utils.sweeps.sweep import Runner

RUNNERS = ("local", "ray")


def choose_runner(name: str, processes: int | None, ray_address: str | None) -> Runner:
    """Returns a runner.

    Args:
      name: one of RUNNERS.
      processes: local: cells at a time; None: one a GPU, or one.
      ray_address: ray: the cluster's; None: one that is found, else a new local one.
    """
    if name == "ray":
        return partial(run_on_ray, address=ray_address)
    return partial(run_locally, processes=processes)
