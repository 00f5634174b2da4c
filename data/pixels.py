"""From bytes to the attacks' scale and back, within epsilon."""

import numpy as np

from utils.bound import Bound
from utils.errors import RunError


def from_uint8(pixels: np.ndarray) -> np.ndarray:
    """Maps uint8 [..., 3], or floats on its scale, to float32 in [-1, 1]: x / 255 * 2 - 1."""
    images = pixels.astype(np.float32)
    # In place: three times as fast as with new memory for each step.
    images /= np.float32(255)
    images *= np.float32(2)
    images -= np.float32(1)
    return images


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
      RunError: a value is not finite or leaves the bound, before or after rounding: such an image
        is never written.
    """
    # One by one: an image's temporaries stay in the processor's cache, a batch's don't.
    pairs = zip(images, originals, strict=True)
    return np.stack([_rounded(image, original, bound) for image, original in pairs])


def _rounded(image: np.ndarray, original: np.ndarray, bound: Bound) -> np.ndarray:
    exact = image.astype(np.float64)
    exact += 1.0
    exact *= 127.5
    lowest, highest = exact.min(), exact.max()
    # Not a number, where one of the entries is none.
    if not np.isfinite(lowest + highest):
        raise _fault("holds a value that is not finite")
    if np.rint(lowest) < 0 or np.rint(highest) > 255:
        raise _fault("leaves [-1, 1]")
    if bound.norm == "linf":
        # In the narrowest integers that hold them; rounding comes first.
        difference = np.rint(exact, out=exact).astype(np.int16)
        difference -= original
        if max(difference.max(), -difference.min()) >= bound.size + 0.51:
            raise _fault("leaves the epsilon box")
        whole = int(np.floor(bound.size))
        np.clip(difference, -whole, whole, out=difference)
        pixels = (difference + original).astype(np.uint8)
    else:
        clean = original.astype(np.float64)
        levels = clean + _shortened(np.rint(exact) - clean, exact - clean, bound.size)
        pixels = levels.astype(np.uint8)
    _check_bytes(pixels, original, bound)
    return pixels


def _fault(what: str) -> RunError:
    return RunError(
        f"An adversarial image {what}: a fault of the attack; nothing of it is written."
    )


def difference_of(pixels: np.ndarray, original: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns how far each byte lies from the original's, uint8 [S, S, 3], and the L2 length.

    The length is exact, from whole numbers.

    Args:
      pixels, original: uint8 [S, S, 3].
    """
    # In the narrowest integers that hold them, several times as fast as in int64.
    difference = np.maximum(pixels, original) - np.minimum(pixels, original)
    squares = np.square(difference, dtype=np.uint16)
    return difference, float(np.sqrt(squares.sum(dtype=np.int64)))


def _check_bytes(pixels: np.ndarray, original: np.ndarray, bound: Bound) -> None:
    """Holds what is about to be written to the bound, whatever was computed before."""
    difference, length = difference_of(pixels, original)
    if not bound.holds(float(difference.max()), length):
        raise _fault(f"leaves {bound} in its bytes")


def _shortened(rounded: np.ndarray, exact: np.ndarray, max_l2: float) -> np.ndarray:
    """Takes entries of one rounded perturbation [H, W, 3] a level back until max_l2 holds."""
    excess = (rounded**2).sum() - max_l2**2
    if excess <= 0:
        return rounded
    # Float32 images are exact to 1e-5 levels an entry; a bug would be further out.
    if np.sqrt((exact**2).sum()) >= max_l2 * 1.001 + 0.01:
        raise _fault("leaves the L2 ball")
    sizes = np.abs(rounded).ravel()
    outward = np.where(sizes > 0, sizes - np.abs(exact).ravel(), -np.inf)
    order = np.argsort(-outward, kind="stable")
    saved = np.cumsum(np.maximum(2 * sizes[order] - 1, 0))
    back = order[: np.searchsorted(saved, excess) + 1]
    shortened = rounded.ravel().copy()
    shortened[back] -= np.sign(shortened[back])
    return shortened.reshape(rounded.shape)
