"""All intervals and tests: of counts, of pairs, and by bootstrap over images.

SciPy's statistics are imported where they are called: they take a second, and tables of finished
runs seldom need them.
"""

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 4000
_SEED = 20211022


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Returns the 95 % Wilson score interval of count / total in percent (Wilson 1927).

    Args:
      count: how many of `total` succeeded.
      total: at least 1.
    """
    from scipy import stats

    interval = stats.binomtest(int(count), int(total)).proportion_ci(CONFIDENCE, method="wilson")
    return 100 * float(interval.low), 100 * float(interval.high)


def paired_gain(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Compares two success rates on the same images.

    The interval is Agresti and Min's (2005) for matched pairs: Wald's, with half a pair added to
    each cell of the 2 x 2 table, which keeps its coverage for few discordant pairs.

    Args:
      first: bool [N], success of the reference per image.
      second: bool [N], success of the other on the same images.

    Returns:
      (rate of `second` minus rate of `first`, lower, upper end of its 95 % interval), in points.
    """
    from scipy import stats

    gained, lost = _discordant(first, second)
    total = len(first)
    b, c, n = gained + 0.5, lost + 0.5, total + 2.0
    centre = (b - c) / n
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) * np.sqrt(b + c - (b - c) ** 2 / n) / n
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return 100 * (gained - lost) / total, 100 * float(low), 100 * float(high)


def mcnemar_p(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the exact two-sided McNemar p-value of two bool [N] arrays on the same images."""
    from scipy import stats

    gained, lost = _discordant(first, second)
    if gained + lost == 0:
        return 1.0
    return float(stats.binomtest(gained, gained + lost, 0.5).pvalue)


def _discordant(first: np.ndarray, second: np.ndarray) -> tuple[int, int]:
    """How many pairs only `second` succeeded in, and how many only `first`."""
    return int(np.sum(second & ~first)), int(np.sum(first & ~second))


class Resamples:
    """A paired bootstrap over images: how often each image is drawn, in every resample.

    Everything that is compared is resampled by the same draws.

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


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """Returns the 95 % percentile interval of a statistic's values in the resamples."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    # What is equal must not differ from 0 by the last bits of a sum.
    return round(float(low), 9) + 0.0, round(float(high), 9) + 0.0
