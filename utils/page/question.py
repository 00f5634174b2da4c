"""What a visitor asks for, and the command that answers the same."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from utils.bound import plain_number
from utils.page.offer import Offer
from utils.page.picture import Picture
from utils.pipeline.config import RunConfig


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
        return RunConfig.of_flags(
            {
                "method": self.method,
                "mode": self.modes,
                "compare_sign": False,
                "source": (self.source,),
                "victims": self.victims,
                "zoo": self.offer.zoo,
                "checkpoint_path": self.offer.checkpoint_path,
                "batch_size": 1,
                "output_dir": output_dir,
                "max_epsilon": self.epsilon,
                "num_iter": self.num_iter,
            }
            | ({"norm": "l2", "max_l2": self.max_l2} if self.equal_l2 else {})
        )

    def command(self) -> str:
        """The command that makes the same PNGs, for people to copy."""
        bound = (
            ["--norm", "l2", "--max_l2", plain_number(self.max_l2)]
            if self.equal_l2
            else ["--max_epsilon", plain_number(self.epsilon)]
        )
        parts = ["python", "attack.py", "--method", self.method, "--mode", ",".join(self.modes)]
        parts += ["--nocompare_sign", "--source", self.source, *bound]
        parts += ["--num_iter", str(self.num_iter), "--batch_size", "1"]
        if self.picture.file:
            parts += ["--image", self.picture.file]
        if self.offer.checkpoint_path:
            parts += ["--checkpoint_path", self.offer.checkpoint_path]
        return shlex.join(parts)
