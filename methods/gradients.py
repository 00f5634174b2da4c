"""What happens round the gradient before the direction: pure functions, tensors in, tensors out."""

import tensorflow as tf

from methods import tensors
from methods.context import Context


def accumulate(gradient: tf.Tensor, memory: tf.Tensor, context: Context) -> tf.Tensor:
    """MI-FGSM's momentum: g_t = mu * g_{t-1} + grad / mean(abs(grad)), the mean per image.

    Dong et al. 2018, arXiv 1710.06081; mu 1.0, 10 iterations, epsilon 16.
    Example: `python attack.py --method m --mode affine --momentum 1.0`

    Args:
      gradient: float32 [N, S, S, 3].
      memory: g_{t-1}, of the same shape; zero at the first iteration.
      context: `settings.momentum` counts.

    Returns:
      g_t; a gradient that is zero throughout adds nothing.
    """
    scaled = tensors.shrunk(gradient)
    mean = tf.reduce_mean(tf.abs(scaled), [1, 2, 3], keepdims=True)
    return context.settings.momentum * memory + tf.math.divide_no_nan(scaled, mean)
