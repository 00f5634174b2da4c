"""Order statistics."""

import tensorflow as tf


def kth_smallest(values: tf.Tensor, index: int) -> tf.Tensor:
    """The entry at `index` (from 0) when each row is sorted ascending.

    Args:
      values: float32 [N, n], not negative, not NaN.
      index: 0 <= index < n.

    Returns:
      float32 [N].
    """
    return tf.sort(values, axis=1)[:, index]
