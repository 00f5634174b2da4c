"""What a visitor asks for, and the command that answers the same."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

from methods import parse_method
from utils.bound import plain_number
from utils.page.offer import Offer
from utils.page.picture import Picture
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import ZOOS
from utils.success import REFERENCE


@dataclass(frozen=True)
class Question:
    """One image, attacked.

    Attributes:
      picture: the image.
      source, method, modes: as attack.py's flags; the modes in the order in which they are shown.
      epsilon: of 255; 0 leaves the image as it is.
      num_iter: iterations.
      equal_l2: bound each perturbation's L2 length instead, by what epsilon in every entry makes.
      offer: whose networks are meant.
      victims: who judges; the source is first where it is among them.
    """

    offer: Offer = field(repr=False)
    picture: Picture
    source: str
    method: str
    modes: tuple[str, ...]
    epsilon: float
    num_iter: int
    equal_l2: bool = False
    victims: tuple[str, ...] = ()

    @property
    def max_l2(self) -> float:
        """The L2 bound with `equal_l2`, in [0, 255] units, to the tenth."""
        return round(self.epsilon * self.picture.pixels.size**0.5, 1)

    def config(self, output_dir: str = "results") -> RunConfig:
        """The same as flags of attack.py, of one image a batch: nothing rounds as others' company.

        Raises:
          UsageError, MethodError: something that can't be obeyed, such as no mode.
        """
        victims = tuple(map(self.offer.short_names.in_full, self.victims))
        flags = self._flags() | {"zoo": self.offer.zoo, "victims": victims}
        return RunConfig.of_flags(flags | {"output_dir": output_dir})

    def command(self) -> str:
        """The command that makes the same PNGs, for people to copy."""
        parts = ["python", "attack.py"]
        for name, value in self._flags().items():
            if isinstance(value, bool):
                parts.append(f"--{'' if value else 'no'}{name}")
                continue
            words = ",".join(value) if isinstance(value, tuple) else str(value)
            parts += [f"--{name}", plain_number(value) if isinstance(value, float) else words]
        if self.picture.file:
            parts += ["--image", self.picture.file]
        return shlex.join(parts)

    def _flags(self) -> dict[str, Any]:
        """Flags of attack.py, without those that would change nothing beside the others."""
        flags: dict[str, Any] = {"method": self.method, "mode": self.modes}
        if REFERENCE not in self.modes:
            flags["compare_sign"] = False
        flags["source"] = (self.offer.short_names.in_full(self.source),)
        if self.equal_l2:
            flags |= {"norm": "l2", "max_l2": self.max_l2}
        else:
            flags["max_epsilon"] = float(self.epsilon)
        if not parse_method(self.method).one_step:
            flags["num_iter"] = self.num_iter
        if self.offer.checkpoint_path:
            flags["checkpoint_path"] = self.offer.checkpoint_path
        offer = self.offer
        if not self.picture.file and offer.input_csv not in (None, ZOOS[offer.zoo].input_csv):
            flags |= {"input_csv": str(offer.input_csv), "input_dir": str(offer.input_dir)}
        return flags | {"batch_size": 1}
