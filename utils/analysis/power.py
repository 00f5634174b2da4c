"""How many images a paired comparison needs.

Two modes attack the same images. On most both succeed or both fail; the others are discordant, and
McNemar's test asks whether more of them are gained than lost.
"""

import math

import numpy as np
from scipy.stats import binom, norm

from utils.errors import UsageError

LEVEL = 0.05
_MOST_IMAGES = 1_000_000


def check(gain: float, discordant: float) -> None:
    """Makes sure that a gain is possible.

    Args:
      gain: in points, above 0.
      discordant: share of images that one mode alone reaches, in (0, 1].

    Raises:
      UsageError: it isn't.
    """
    if not 0 < discordant <= 1:
        raise UsageError(f"--discordant is {discordant:g}; it must be above 0 and at most 1.")
    if not 0 < gain <= 100 * discordant:
        raise UsageError(
            f"--gain is {gain:g} points; with --discordant {discordant:g} it must be above 0 and "
            f"at most {100 * discordant:g}."
        )


def approximate_images(gain: float, discordant: float, power: float = 0.8) -> int:
    """Returns how many images show a gain with McNemar's test at 5 %, by the normal approximation.

    The difference of n pairs has mean g and variance (d - g^2) / n, or d / n where there is no
    gain: n = ((z_level sqrt(d) + z_power sqrt(d - g^2)) / g)^2, with g in units of success.

    Args:
      gain: in points.
      discordant: share of images that one mode alone reaches.
      power: how often the test shall find it.
    """
    check(gain, discordant)
    g = gain / 100
    at_none, at_gain = math.sqrt(discordant), math.sqrt(discordant - g * g)
    reach = norm.ppf(1 - LEVEL / 2) * at_none + norm.ppf(power) * at_gain
    return math.ceil(reach**2 / g**2)


def exact_power(images: int, gain: float, discordant: float) -> float:
    """Returns how often McNemar's exact test at 5 % calls a gain of so many points one.

    Sums over how many of the images are discordant, and how many of those are gained.
    """
    check(gain, discordant)
    share = min(1.0, (discordant + gain / 100) / (2 * discordant))
    counts = np.arange(images + 1)
    # The fewest gains among so many discordant images that the two-sided test accepts.
    most_lost = binom.ppf(LEVEL / 2, counts, 0.5) - 1
    most_lost += binom.cdf(most_lost + 1, counts, 0.5) <= LEVEL / 2
    found = binom.cdf(most_lost, counts, 1 - share)
    return float(binom.pmf(counts, images, discordant) @ np.where(most_lost < 0, 0.0, found))


def images_needed(gain: float, discordant: float, power: float = 0.8) -> int:
    """Returns how many images McNemar's exact test needs; raises UsageError beyond a million."""
    low = high = approximate_images(gain, discordant, power)
    while exact_power(min(high, _MOST_IMAGES), gain, discordant) < power:
        if high >= _MOST_IMAGES:
            raise UsageError(f"--gain {gain:g} needs more than {_MOST_IMAGES} images.")
        low, high = high, math.ceil(1.1 * high) + 1
    # The exact power rises in steps; the step that is found is close to the first.
    while low < high:
        middle = (low + high) // 2
        if exact_power(middle, gain, discordant) < power:
            low = middle + 1
        else:
            high = middle
    return high


def half_width(images: int, gain: float, discordant: float) -> float:
    """Returns how far the 95 % interval of a gain reaches to either side, in points."""
    check(gain, discordant)
    g = gain / 100
    return 100 * float(norm.ppf(1 - LEVEL / 2)) * math.sqrt((discordant - g * g) / images)
