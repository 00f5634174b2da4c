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
    difference = np.abs(adversarial.astype(np.int64) - original.astype(np.int64))
    return Cost(
        mean_abs=float(difference.sum() / difference.size),
        l2=float(np.sqrt((difference**2).sum())),
        linf=int(difference.max()),
    )
