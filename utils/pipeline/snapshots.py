"""Snapshots: what an attack has made after fewer iterations, as runs of their own."""

from collections.abc import Iterable

import numpy as np

from methods import AttackSettings
from utils.errors import UsageError


def check_snapshots(given: Iterable[str], iterations: int) -> None:
    """Makes sure that the attack reaches each of them.

    Raises:
      UsageError: one is no whole number, there twice or beyond the last iteration.
    """
    given = list(given)
    text = ",".join(given)
    for each in given:
        if not (each.isascii() and each.isdigit() and int(each) >= 1):
            raise UsageError(
                f"--snapshots {text}: {each!r} is no iteration: give whole numbers from 1, such as "
                "1,2,5,10."
            )
        if int(each) > iterations:
            raise UsageError(
                f"--snapshots {text}: the attack has no iteration {each}, it ends after "
                f"{iterations}: leave it out, or give a larger --num_iter (fgsm always takes one)."
            )
    if len({int(each) for each in given}) != len(given):
        raise UsageError(f"--snapshots names an iteration twice: {text}.")


def step_of(settings: AttackSettings, iterations: int) -> float:
    """Returns the step size, in [0, 255] units, that gives the very steps of an attack.

    Raises:
      UsageError: no number written as --step_size would give them to the last bit.
    """
    if settings.step_size is not None:
        return settings.step_size
    size = settings.bound.size
    step, alpha = size / iterations, np.float32(settings.bound.in_images / iterations)
    if np.float32(step / 127.5) != alpha:
        raise UsageError(
            f"--snapshots: {size} / {iterations} is not to be had exactly as a step size: give the "
            "one you want as --step_size."
        )
    return step
