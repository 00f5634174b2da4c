"""Per-image arithmetic that neither underflows nor divides by zero.

All functions take float32 [N, ...] and reduce over everything but the first axis.
"""

from __future__ import annotations

from utils.quiet import tf


def _rest(tensor: tf.Tensor) -> list[int]:
    return list(range(1, len(tensor.shape)))


def single(number: tf.Tensor | float) -> tf.Tensor:
    """A number of an attack, a Python float or a float64 scalar, as float32."""
    return tf.cast(number, tf.float32)


def total(tensor: tf.Tensor) -> tf.Tensor:
    """Sum per image, float32 [N, 1, ...]."""
    return tf.reduce_sum(tensor, _rest(tensor), keepdims=True)


def largest(tensor: tf.Tensor) -> tf.Tensor:
    """Largest absolute entry per image, float32 [N, 1, ...]."""
    # No tensor of absolute values in between, which would take as long as both maxima.
    highest = tf.reduce_max(tensor, _rest(tensor), keepdims=True)
    return tf.maximum(highest, -tf.reduce_min(tensor, _rest(tensor), keepdims=True))


def norm2(tensor: tf.Tensor) -> tf.Tensor:
    """Euclidean norm per image, float32 [N, 1, ...]; for entries that are not extremely small."""
    return tf.sqrt(total(tf.square(tensor)))


def shrunk(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor over its largest absolute entry, so that squares stay in range; zero stays zero.

    Gradients of a confident network reach 1e-30, whose square is 0 in float32.
    """
    return tf.math.divide_no_nan(tensor, largest(tensor))


def unit(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor over its Euclidean norm per image; a zero tensor stays zero."""
    scaled = shrunk(tensor)
    return tf.math.divide_no_nan(scaled, norm2(scaled))


def cosine(step: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Cosine of the angle per image, float32 [N]; 0 where either is zero.

    Args:
      step: a difference of images, so no smaller than their rounding.
      gradient: of any size.
    """
    gradient = shrunk(gradient)
    product = norm2(step) * norm2(gradient)
    return tf.reshape(tf.math.divide_no_nan(total(step * gradient), product), [-1])


def all_finite(tensor: tf.Tensor) -> tf.Tensor:
    """Whether an image's entries are all finite, bool [N]."""
    return tf.reduce_all(tf.math.is_finite(tensor), _rest(tensor))


def zero_unless(keep: tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:
    """The tensor, with the images for which `keep` (bool [N]) is false set to zero."""
    return taken_if(keep, tensor, 0.0)


def taken_if(take: tf.Tensor, tensor: tf.Tensor, otherwise: tf.Tensor | float) -> tf.Tensor:
    """The tensor, with the images for which `take` (bool [N]) is false as in `otherwise`."""

    def mixed() -> tf.Tensor:
        shape = [-1] + [1] * (len(tensor.shape) - 1)
        return tf.where(tf.reshape(take, shape), tensor, otherwise)

    # The selection takes longer than the rest of a step, and is next to never needed.
    return tf.cond(tf.reduce_all(take), lambda: tensor, mixed)
