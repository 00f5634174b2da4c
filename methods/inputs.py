"""Which of an attack's numbers a traced loop takes as inputs: one trace serves all their values."""

from __future__ import annotations

import dataclasses
from typing import Any

from methods.settings import AttackSettings
from utils.bound import Bound
from utils.quiet import tf

# Float64, so that what is computed of them is what Python's own floats would give; where such a
# number meets an image it must be cast, and a use that forgets that ends the trace.
_FLOATS = (
    *("max_epsilon", "max_l2", "momentum", "prob"),
    *("vt_radius", "pi_factor", "pgn_radius", "walk_radius"),
)


class Inputs:
    """AttackSettings as a trace reads them: an input is a tensor, every other number itself.

    Attributes are those of AttackSettings. `num_iter` is an int32 scalar but under XLA, which
    needs to know the size of what the loop collects; the other inputs are float64 scalars.

    Args:
      settings: of which those that are no inputs count.
      values: `values_of` the settings, as tensors.
    """

    def __init__(self, settings: AttackSettings, values: dict[str, tf.Tensor]) -> None:
        self._settings = settings
        self._values = values

    def __getattr__(self, name: str) -> Any:
        return self._values[name] if name in self._values else getattr(self._settings, name)

    @property
    def bound(self) -> Bound:
        """As AttackSettings.bound, its size a tensor."""
        return Bound(self.norm, self.max_l2 if self.norm == "l2" else self.max_epsilon)


def values_of(settings: AttackSettings, static_shapes: bool) -> dict[str, tf.Tensor]:
    """Returns the inputs by name, scalars.

    Args:
      settings: the attack's numbers.
      static_shapes: for XLA: the number of iterations is no input.
    """
    values = {
        # Only one of the two bounds counts, and the other need not be there.
        name: tf.constant(getattr(settings, name) or 0.0, tf.float64)
        for name in _FLOATS
    }
    if settings.step_size is not None:
        values["step_size"] = tf.constant(settings.step_size, tf.float64)
    if not static_shapes:
        values["num_iter"] = tf.constant(settings.num_iter, tf.int32)
    return values


def trace_key(settings: AttackSettings, static_shapes: bool) -> tuple[Any, ...]:
    """Returns what two attacks of one method agree in exactly if one trace serves both."""
    numbers = dataclasses.asdict(settings)
    inputs = values_of(settings, static_shapes).keys()
    return tuple((name, value) for name, value in numbers.items() if name not in inputs)
