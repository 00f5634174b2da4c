"""Paired bootstrap over images, the same resamples for everything that is compared."""

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 4000
_SEED = 20211022


class Resamples:
    """How often each image is drawn, in every resample.

    Attributes:
      shares: float64 [RESAMPLES, images]; every row sums to 1. `shares @ values` are the means of
        `values` [images, ...] in all resamples.
    """

    def __init__(self, images: int):
        generator = np.random.default_rng(_SEED)
        counts = generator.multinomial(images, np.full(images, 1 / images), size=RESAMPLES)
        self.shares = counts / images

    def means(self, values: np.ndarray) -> np.ndarray:
        """Returns the mean over images in every resample: [images, ...] -> [RESAMPLES, ...]."""
        return self.shares @ np.asarray(values, np.float64)


def interval(statistics: np.ndarray) -> tuple[float, float]:
    """Returns the 95 % percentile interval of a statistic's values in the resamples."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(statistics, [tail, 100 - tail])
    # What is equal must not differ from 0 by the last bits of a sum.
    return round(float(low), 9) + 0.0, round(float(high), 9) + 0.0
