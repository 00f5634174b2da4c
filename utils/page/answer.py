"""What an attack on one image made, and what the networks say of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from utils.pipeline.cost import Cost


@dataclass(frozen=True)
class Made:
    """What a mode made of the image.

    Attributes:
      mode: which.
      pixels: uint8 [S, S, 3], those of attack.py's PNG.
      cost: of the perturbation after rounding.
      cosine: between the first step and the gradient there, from -1 to 1; 0 without a step.
    """

    mode: str
    pixels: np.ndarray = field(repr=False)
    cost: Cost
    cosine: float


@dataclass(frozen=True)
class Seen:
    """What a network says of one image.

    Attributes:
      probabilities: softmax, float32 [C].
      label_offset: column + offset = label.
    """

    probabilities: np.ndarray = field(repr=False)
    label_offset: int

    def of(self, label: int) -> float:
        """Its confidence in a label; 0 for one that it doesn't know."""
        column = label - self.label_offset
        return float(self.probabilities[column]) if 0 <= column < len(self.probabilities) else 0.0

    @property
    def label(self) -> int:
        """The likeliest."""
        return self.top(1)[0][0]

    def top(self, count: int = 5) -> list[tuple[int, float]]:
        """The likeliest labels with their confidences; equal ones as `tf.math.top_k` has them."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(i) + self.label_offset, float(self.probabilities[i])) for i in order]


@dataclass(frozen=True)
class Victim:
    """What a network says before and after.

    Attributes:
      name: its.
      white_box: whether it is the source.
      clean: of the image as it was.
      adversarial: mode -> of what it made.
    """

    name: str
    white_box: bool
    clean: Seen
    adversarial: dict[str, Seen]


@dataclass(frozen=True)
class Answer:
    """All that a question's answer holds.

    Attributes:
      label: the one that the attack leads away from, in the CSV's convention.
      made: one a mode, in the order asked for.
      victims: the source first.
    """

    label: int
    made: list[Made]
    victims: list[Victim]
