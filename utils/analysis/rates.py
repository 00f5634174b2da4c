"""What a rate is of: of all images, or of those that a victim gets right without any attack."""

import numpy as np

# The rate -> what it is of, in print. "success" is transfer.csv's success_rate, "flip" its
# flip_rate.
RATES = {
    "success": "of all images",
    "flip": "of the images that the victim gets right when clean",
}


def values_per_image(success: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Returns a value an image, the mean of which is the mean of the victims' rates.

    Where victims count different images, a value holds what its image does to each of the rates,
    linearised round them: so the values' spread is that of the mean rate.

    Args:
      success: float64 [N, V] in [0, 1], an image and victim each.
      counted: bool [N, V], which of them count; at least one for each victim.

    Returns:
      float64 [M], of the images that any of the victims counts.
    """
    used = counted.any(axis=1)
    success, counted = success[used], counted[used]
    if counted.all():
        return success.mean(axis=1)
    totals = counted.sum(axis=0)
    rates = np.where(counted, success, 0).sum(axis=0) / totals
    shares = len(counted) / totals * np.where(counted, success - rates, 0)
    return rates.mean() + shares.mean(axis=1)
