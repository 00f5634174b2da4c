"""From bytes to the attacks' scale and back, within epsilon."""

import numpy as np

from utils.bound import Bound


def from_uint8(pixels: np.ndarray) -> np.ndarray:
    """Maps uint8 [..., 3] to float32 in [-1, 1]: x / 255 * 2 - 1."""
    return pixels.astype(np.float32) / np.float32(255) * np.float32(2) - np.float32(1)


def to_uint8(images: np.ndarray, originals: np.ndarray, bound: Bound) -> np.ndarray:
    """Rounds adversarial images to bytes without leaving the bound.

    Rounding to the nearest integer keeps a whole-numbered epsilon by itself; with a bound such as
    2.5 it may pass it by half a level, so the result is clipped to the whole levels inside. It may
    also lengthen a perturbation: under an L2 bound, the entries that it took furthest out are taken
    one level back, as many as are needed.

    Args:
      images: float32 [N, H, W, 3] in [-1, 1].
      originals: uint8 [N, H, W, 3], the clean images.
      bound: on each image's perturbation.

    Returns:
      uint8 [N, H, W, 3].

    Raises:
      AssertionError: a value is not finite or leaves the bound: a bug in the attack, never written.
    """
    assert np.isfinite(images).all(), "an adversarial image holds a value that is not finite"
    exact = (images.astype(np.float64) + 1.0) * 127.5
    levels = np.rint(exact)
    assert levels.min() >= 0 and levels.max() <= 255, "an adversarial image leaves [-1, 1]"
    clean = originals.astype(np.float64)
    if bound.norm == "linf":
        assert np.abs(levels - clean).max() < bound.size + 0.51, "an image leaves the epsilon box"
        whole = np.floor(bound.size)
        return np.clip(levels, clean - whole, clean + whole).astype(np.uint8)
    pairs = zip(levels - clean, exact - clean, strict=True)
    levels = clean + np.stack([_shortened(*pair, bound.size) for pair in pairs])
    return levels.astype(np.uint8)


def _shortened(rounded: np.ndarray, exact: np.ndarray, max_l2: float) -> np.ndarray:
    """Takes entries of one rounded perturbation [H, W, 3] a level back until max_l2 holds."""
    excess = (rounded**2).sum() - max_l2**2
    if excess <= 0:
        return rounded
    # Float32 images are exact to 1e-5 levels an entry; a bug would be further out.
    assert np.sqrt((exact**2).sum()) < max_l2 * 1.001 + 0.01, "an image leaves the L2 ball"
    sizes = np.abs(rounded).ravel()
    outward = np.where(sizes > 0, sizes - np.abs(exact).ravel(), -np.inf)
    order = np.argsort(-outward, kind="stable")
    saved = np.cumsum(np.maximum(2 * sizes[order] - 1, 0))
    back = order[: np.searchsorted(saved, excess) + 1]
    shortened = rounded.ravel().copy()
    shortened[back] -= np.sign(shortened[back])
    return shortened.reshape(rounded.shape)
