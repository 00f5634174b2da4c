"""What a part of an attack may know besides the tensor it works on."""

from __future__ import annotations

import dataclasses

from methods.ball import Ball
from methods.draws import Draws
from methods.inputs import Inputs
from methods.settings import AttackSettings
from utils.quiet import tf


@dataclasses.dataclass(frozen=True)
class Context:
    """One batch at one iteration.

    Attributes:
      settings: the attack's numbers; in a trace, some of them tensors (see methods/inputs.py).
      images: the current adversarial images, float32 [N, S, S, 3] in [-1, 1].
      ball: where they may go.
      draws: the batch's random numbers at this iteration.
      static_shapes: shapes must not depend on draws (XLA).
    """

    settings: AttackSettings | Inputs
    images: tf.Tensor
    ball: Ball
    draws: Draws
    static_shapes: bool = False
