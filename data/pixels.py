"""From bytes to the attacks' scale and back, within epsilon."""

import numpy as np


def from_uint8(pixels: np.ndarray) -> np.ndarray:
    """Maps uint8 [..., 3] to float32 in [-1, 1]: x / 255 * 2 - 1."""
    return pixels.astype(np.float32) / np.float32(255) * np.float32(2) - np.float32(1)


def to_uint8(
    images: np.ndarray, originals: np.ndarray, max_epsilon: float | None = None
) -> np.ndarray:
    """Rounds adversarial images to bytes without leaving the epsilon box.

    Rounding to the nearest integer keeps a whole-numbered bound by itself; with a bound such as
    2.5 it may pass it by half a level, so the result is clipped to the whole levels inside.

    Args:
      images: float32 [N, H, W, 3] in [-1, 1].
      originals: uint8 [N, H, W, 3], the clean images.
      max_epsilon: the L-infinity bound in [0, 255] units, or None for an attack without one.

    Returns:
      uint8 [N, H, W, 3].

    Raises:
      AssertionError: a value is not finite or leaves the bound: a bug in the attack, never written.
    """
    assert np.isfinite(images).all(), "an adversarial image holds a value that is not finite"
    levels = np.rint((images.astype(np.float64) + 1.0) * 127.5)
    assert levels.min() >= 0 and levels.max() <= 255, "an adversarial image leaves [-1, 1]"
    if max_epsilon is None:
        return levels.astype(np.uint8)
    clean = originals.astype(np.float64)
    whole = np.floor(max_epsilon)
    assert np.abs(levels - clean).max() < max_epsilon + 0.51, "an image leaves the epsilon box"
    bounded = np.clip(levels, clean - whole, clean + whole).astype(np.uint8)
    assert np.abs(bounded.astype(np.int16) - originals.astype(np.int16)).max() <= max_epsilon
    return bounded
