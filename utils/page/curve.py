"""The true class's confidence over epsilon, for sign and for FGNM's direction."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from utils.page.engine import Engine
from utils.page.picture import pixels_key
from utils.page.question import Question
from utils.pipeline.session import Kept
from utils.success import REFERENCE

EPSILONS = (0.0, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0)
MODES = (REFERENCE, "affine")
_KEPT = 256  # curves


@dataclass(frozen=True)
class Line:
    """Confidences in the image's label, one an epsilon of EPSILONS.

    Attributes:
      mode: of the attack.
      who: whose they are.
      white_box: whether that is the source.
    """

    mode: str
    who: str
    white_box: bool
    confidences: tuple[float, ...]


class Curves:
    """Computes curves and keeps them, so that the slider of epsilon asks for none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Kept[list[Line]] = Kept(_KEPT)

    def lines(self, question: Question) -> list[Line]:
        """Returns the source's line and the other victims' mean, for each of MODES.

        Raises:
          BenchError: as `Engine.answer`.
        """
        picture = question.picture
        key: Hashable = (
            pixels_key(picture.pixels),
            *(picture.image_id, picture.label, question.source, question.method),
            *(question.num_iter, question.equal_l2, question.victims),
        )
        with self._engine.lock:
            return self._kept.get(key, 1, lambda: self._computed(replace(question, modes=MODES)))

    def _computed(self, question: Question) -> list[Line]:
        found: dict[str, list[list[float]]] = {mode: [] for mode in MODES}
        others = [name for name in question.victims if name != question.source]
        for epsilon in EPSILONS:
            asked = replace(question, epsilon=epsilon)
            label, made = self._engine.craft(asked)
            for each in made:
                found[each.mode].append(
                    [
                        self._engine.see(asked, name, [each.pixels])[0].of(label)
                        for name in (question.source, *others)
                    ]
                )
        lines = []
        for mode, rows in found.items():
            table = np.array(rows)
            lines.append(Line(mode, question.source, True, tuple(table[:, 0].tolist())))
            if others:
                mean = tuple(table[:, 1:].mean(axis=1).tolist())
                lines.append(Line(mode, f"mean of {len(others)} other victims", False, mean))
        return lines
