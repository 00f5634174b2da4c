"""How alike two images look: the structural similarity (SSIM) of Wang et al. 2004.

Window means are exact: bytes, and weights that are whole numbers of 2^-18, leave no sum to be
rounded, in whatever order and on whatever processor it is taken. So the same images have the same
figure everywhere.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import as_strided

WINDOW = 11
_SIGMA = 1.5
_MARGIN = WINDOW - 1
# (K1 L)^2 and (K2 L)^2 of the paper, L being the range of a byte.
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
# 16 bits of a squared byte and twice these are what a float64 holds.
_BITS = 18
# Columns of windows that one product of matrices makes: of fewer there would be many products, of
# more many zeros in them.
_COLUMNS = 8
# Multiplications a product: of twice as many, OpenBLAS asks other threads for help. Whoever calls
# has threads of its own, and a strip of so few rows stays in the processor's cache.
_MOST = 1 << 17


def structural_similarity(original: np.ndarray, others: Sequence[np.ndarray]) -> list[float]:
    """Returns the mean SSIM of each of some images with the one that they were made of.

    Over all windows of 11 x 11 pixels within the image, weighted by a Gaussian of sigma 1.5, and
    over the three channels; K is 0.01 and 0.03. With m and v for mean and variance in a window,
    SSIM of x and y is (1 - (m_y - m_x)^2 / (m_x^2 + m_y^2 + C1)) times
    (1 - v_(y - x) / (v_x + v_y + C2)): the paper's formula, in terms of what a perturbation is.

    Args:
      original: uint8 [S, S, 3].
      others: uint8 [S, S, 3] each.

    Returns:
      One in [-1, 1] each, 1 for the same image; NaN where S is below 11.
    """
    side = len(original)
    inner = side - _MARGIN
    if inner < 1 or not others:
        return [float("nan")] * len(others)
    totals = [0.0] * len(others)
    windows = _Windows(side)
    x, *ys = (image.transpose(2, 0, 1) for image in (original, *others))
    for start in range(0, inner, windows.height):
        strip = slice(start, start + windows.height + _MARGIN)
        clean = x[:, strip].astype(np.float64, order="C")
        values = windows.values(2, clean.shape[1])
        values[0] = clean
        np.multiply(clean, clean, out=values[1])
        mean, square = windows.means(values)
        doubled, twice = 2 * clean, 2 * mean
        luminance = twice * mean
        contrast = 2 * square - luminance + _C2
        luminance += _C1
        for place, y in enumerate(ys):
            values = windows.values(3, clean.shape[1])
            difference, its_square, together = values
            np.subtract(y[:, strip], clean, out=difference)
            np.multiply(difference, difference, out=its_square)
            np.multiply(doubled, difference, out=together)
            totals[place] += _sum(windows.means(values), twice, luminance, contrast)
    return [total / (3 * inner**2) for total in totals]


def _sum(
    means: np.ndarray, twice: np.ndarray, luminance: np.ndarray, contrast: np.ndarray
) -> float:
    """Adds up a strip's SSIM.

    Args:
      means: float64 [3, 3, H, W], of y - x, its square and 2 x (y - x); overwritten.
      twice, luminance, contrast: float64 [3, H, W], 2 m_x, 2 m_x^2 + C1 and 2 v_x + C2.
    """
    shift, noise, spread = means
    lift = shift * shift
    shift *= twice
    # v_(y - x), and v_x + v_y + C2
    noise -= lift
    spread -= shift
    spread += noise
    spread += contrast
    # m_x^2 + m_y^2 + C1
    shift += lift
    shift += luminance
    # Over one denominator: a division takes as long as several products.
    np.subtract(shift, lift, out=lift)
    np.subtract(spread, noise, out=noise)
    lift *= noise
    shift *= spread
    lift /= shift
    return float(lift.sum())


class _Windows:
    """Room for a strip of windows and their means, taken once: new room for each costs more.

    Attributes:
      height: of a strip, in windows.
    """

    def __init__(self, side: int) -> None:
        self._side, self._width = side, side - _MARGIN
        # The most rows whose product is within _MOST.
        rows = int(np.sqrt(_MARGIN**2 / 4 + _MOST / side)) - _MARGIN // 2
        self.height = min(rows, self._width)
        self._values = np.empty(9 * (self.height + _MARGIN) * side)
        self._down = np.empty(9 * self.height * side)
        self._means = np.empty(9 * self.height * self._width)

    def values(self, count: int, rows: int) -> np.ndarray:
        """Returns where to write what means are wanted of: float64 [count, 3, rows, S]."""
        return self._values[: count * 3 * rows * self._side].reshape(count, 3, rows, self._side)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Takes every window's weighted mean, down and then across.

        Args:
          values: float64 [N, 3, R, S], whole numbers.

        Returns:
          float64 [N, 3, R - 10, S - 10], until the next call.
        """
        count, channels, rows, side = values.shape
        height, width = rows - _MARGIN, self._width
        lines = count * channels * height
        down = self._down[: lines * side].reshape(count, channels, height, side)
        np.matmul(_band(height), values, out=down)
        line_by_line = down.reshape(lines, side)
        means = self._means[: lines * width].reshape(lines, width)
        blocks, rest = divmod(width, _COLUMNS)
        if blocks:
            line, item = line_by_line.strides
            shape, step = (blocks, lines, _COLUMNS + _MARGIN), _COLUMNS * item
            overlapping = as_strided(line_by_line, shape, (step, line, item), writeable=False)
            into = means[:, : blocks * _COLUMNS].reshape(lines, blocks, _COLUMNS).swapaxes(0, 1)
            np.matmul(overlapping, _across(_COLUMNS), out=into)
        if rest:
            np.matmul(line_by_line[:, -rest - _MARGIN :], _across(rest), out=means[:, -rest:])
        return means.reshape(count, channels, height, width)


@lru_cache(maxsize=64)
def _band(count: int) -> np.ndarray:
    """Returns the weights of `count` neighbouring windows: float64 [count, count + 10]."""
    gaussian = np.exp(-(np.arange(-(WINDOW // 2), WINDOW // 2 + 1) ** 2) / (2 * _SIGMA**2))
    weights = np.rint(gaussian / gaussian.sum() * 2**_BITS)
    weights[WINDOW // 2] += 2**_BITS - weights.sum()
    band = np.zeros((count, count + _MARGIN))
    for place, row in enumerate(band):
        row[place : place + WINDOW] = weights / 2**_BITS
    return band


@lru_cache(maxsize=64)
def _across(count: int) -> np.ndarray:
    # With its entries in this order in memory, a product takes half the time.
    return np.ascontiguousarray(_band(count).T)
