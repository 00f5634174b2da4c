"""All intervals and tests, each in one form that holds for single victims and for means alike.

What is compared is a value an image: success of one victim and seed is 0 or 1, the mean over
victims or seeds lies between. The forms below are for such values; for 0 and 1 they are Wilson's
interval, Agresti and Min's and McNemar's exact test. None has no width, and none calls anything
significant, because a sample is small or constant.
"""

import math

import numpy as np

# Two-sided 95 %.
_Z = 1.959963984540054
_SIGNIFICANT = 0.05
# Of fewer nothing is called significant, whatever a test says.
FEWEST_IMAGES = 20
# Points to either side of 0 within which two rates are called equal.
EQUIVALENT = 2.0
# An interval that reaches further to either side, in points, is wide.
NARROW = 5.0


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Returns the 95 % Wilson score interval of count / total in percent (Wilson 1927).

    Args:
      count: how many of `total` succeeded.
      total: at least 1.
    """
    return _score_interval(count / total, total)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Returns the 95 % score interval of a mean in percent: Wilson's with an effective sample.

    The sample counts for more where values vary less than 0 and 1 of the same mean would. One image
    at 0 and one at 1 are added in measuring that, so that a constant sample isn't sure.

    Args:
      values: float64 [N] in [0, 1], N at least 1.
    """
    values = np.asarray(values, np.float64)
    mean, total = values.mean(), len(values)
    most = total * mean * (1 - mean) + 0.5
    varied = ((values - mean) ** 2).sum() + 0.5
    return _score_interval(float(mean), total * max(1.0, most / varied))


def _score_interval(rate: float, total: float) -> tuple[float, float]:
    share = _Z**2 / total
    centre = (rate + share / 2) / (1 + share)
    half = _Z / (1 + share) * math.sqrt(rate * (1 - rate) / total + share / (4 * total))
    low = 0.0 if rate <= 0 else max(centre - half, 0.0)
    return 100 * low, 100 * (1.0 if rate >= 1 else min(centre + half, 1.0))


def difference_interval(differences: np.ndarray) -> tuple[float, float]:
    """Returns the 95 % interval of a mean paired difference, in points.

    The interval is Agresti and Min's (2005) for matched pairs: Wald's, with half a pair added to
    each cell of the 2 x 2 table, which keeps its coverage for few discordant pairs. So two pairs
    are added here, of mean 0 and mean square 1/2.

    Args:
      differences: float64 [N], an image each, in units of success (0 to 1).
    """
    differences = np.asarray(differences, np.float64)
    n = len(differences) + 2.0
    centre = differences.sum() / n
    half = _Z * np.sqrt(((differences**2).sum() + 1) / n - centre**2) / np.sqrt(n)
    return 100 * max(-1.0, float(centre - half)), 100 * min(1.0, float(centre + half))


def paired_gain(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Compares two success rates on the same images.

    Args:
      first: bool [N], success of the reference per image.
      second: bool [N], success of the other on the same images.

    Returns:
      (rate of `second` minus rate of `first`, lower, upper end of its 95 % interval), in points.
    """
    gained, lost = _discordant(first, second)
    difference = second.astype(np.float64) - first.astype(np.float64)
    return 100 * (gained - lost) / len(first), *difference_interval(difference)


def mcnemar_p(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the exact two-sided McNemar p-value of two bool [N] arrays on the same images."""
    gained, lost = _discordant(first, second)
    discordant = gained + lost
    # In whole numbers, so that the same pairs print the same digits whoever computes them.
    tail = sum(math.comb(discordant, count) for count in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / 2**discordant)


def sign_flip_p(differences: np.ndarray) -> float:
    """Returns the exact two-sided p-value of a mean paired difference under flips of its signs.

    Where two modes do the same, each image's difference is as likely to be of the other sign. For
    one victim and seed this is McNemar's exact test.

    Args:
      differences: int64 [N], an image each: how many more of its victims and seeds are reached.
    """
    differences = np.asarray(differences, np.int64)
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    # The chance of each sum, from the smallest to the largest. Nothing is subtracted, so that a
    # tail's chance is as exact as the middle's.
    chances = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        before, step = chances, 2 * size
        chances = np.zeros(len(before) + step * count)
        for ups in range(count + 1):
            chance = math.comb(count, ups) / 2**count
            chances[ups * step : ups * step + len(before)] += chance * before
    extreme = np.abs(np.arange(len(chances)) - len(chances) // 2) >= abs(differences.sum())
    return float(min(1, chances[extreme].sum()))


def is_significant(p: float, images: int) -> bool:
    """Whether a gain over so many images may be called different from 0."""
    return images >= FEWEST_IMAGES and p < _SIGNIFICANT


def is_equivalent(low: float, high: float, images: int) -> bool:
    """Whether a gain's interval, in points, lies within EQUIVALENT to either side of 0.

    Two one-sided tests at 2.5 % each say the same (Schuirmann 1987, who has them at 5 %).
    """
    return images >= FEWEST_IMAGES and low >= -EQUIVALENT and high <= EQUIVALENT


def holm(p: np.ndarray) -> np.ndarray:
    """Returns p-values adjusted for how many they are (Holm 1979).

    Calling those below 0.05 significant, one or more is called so wrongly in at most 5 % of tables,
    however the comparisons depend on one another.

    Args:
      p: float64 [N], none of them NaN.
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def images_to_narrow(low: float, high: float, images: int, reach: float) -> int:
    """Returns about how many images narrow an interval: two digits of them, rounded up.

    Args:
      low, high: of a gain over `images` images, in points; its width falls with their square root.
      reach: to either side, in points.
    """
    needed = images * ((high - low) / (2 * reach)) ** 2
    unit = 10 ** max(0, math.ceil(math.log10(needed)) - 2)
    return unit * math.ceil(needed / unit)


def _discordant(first: np.ndarray, second: np.ndarray) -> tuple[int, int]:
    """How many pairs only `second` succeeded in, and how many only `first`."""
    return int(np.sum(second & ~first)), int(np.sum(first & ~second))
