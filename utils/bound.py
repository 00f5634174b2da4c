"""How far an adversarial image may be from its original: the one home of that decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def plain_number(value: float) -> str:
    """Returns a float as a person writes it, and so that it reads back the same: 16, 2.5, 1e-05."""
    return repr(float(value)).removesuffix(".0")


@dataclass(frozen=True)
class Bound:
    """A bound on one image's perturbation.

    Attributes:
      norm: "linf", a box round the original, or "l2", a ball.
      size: in [0, 255] units.
    """

    norm: str
    size: float

    @classmethod
    def of_flags(cls, flags: Mapping[str, Any]) -> "Bound":
        """Reads it off flags by name, as attack.py takes and run.json holds them."""
        norm = flags.get("norm", "linf")
        return cls(norm, float(flags["max_l2" if norm == "l2" else "max_epsilon"]))

    @property
    def flag(self) -> str:
        """The flag that sets its size."""
        return "max_l2" if self.norm == "l2" else "max_epsilon"

    @property
    def quantity(self) -> str:
        """What its size is called on an axis: "epsilon" or "L2 bound"."""
        return "L2 bound" if self.norm == "l2" else "epsilon"

    @property
    def axis(self) -> str:
        """The same with its unit."""
        return f"{self.quantity}, in [0, 255] units" if self.norm == "l2" else "epsilon, of 255"

    @property
    def in_images(self) -> float:
        """Its size in units of images in [-1, 1]."""
        return self.size / 127.5

    @property
    def epsilon(self) -> float | None:
        """Its size where it is a box: no epsilon bounds a ball."""
        return self.size if self.norm == "linf" else None

    @property
    def folder_name(self) -> str:
        """Such as "eps16", "eps2.5" or "l2_1500"."""
        return f"{'l2_' if self.norm == 'l2' else 'eps'}{plain_number(self.size)}"

    def __str__(self) -> str:
        """What it is called in print: "epsilon 16" or "L2 1500"."""
        return f"{'L2' if self.norm == 'l2' else 'epsilon'} {plain_number(self.size)}"

    def holds(self, linf: float, l2: float) -> bool:
        """Whether a perturbation of these lengths, in [0, 255] units, keeps to it."""
        return (l2 if self.norm == "l2" else linf) <= self.size * (1 + 1e-9)
