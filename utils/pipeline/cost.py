"""What a perturbation cost, from the bytes of the clean and the adversarial PNG."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cost:
    """Of one image, in [0, 255] units: mean of |x_adv - x|, its L2 norm and its largest entry."""

    mean_abs: float
    l2: float
    linf: int


def perturbation_cost(original: np.ndarray, adversarial: np.ndarray) -> Cost:
    """Measures a perturbation exactly: sums of whole numbers.

    Args:
      original: uint8 [S, S, 3].
      adversarial: uint8 [S, S, 3].
    """
    # In the narrowest integers that hold them, several times as fast as in int64.
    difference = np.maximum(adversarial, original) - np.minimum(adversarial, original)
    squares = np.square(difference, dtype=np.uint16)
    return Cost(
        mean_abs=float(difference.sum(dtype=np.int64) / difference.size),
        l2=float(np.sqrt(squares.sum(dtype=np.int64))),
        linf=int(difference.max()),
    )
