"""What happens round the gradient: pure functions, tensors in, tensors out.

All image tensors are float32 [N, S, S, 3]; the current images, the ball, the settings and the draws
come in the context. Which letter stands for which function is in registry.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from methods import tensors
from methods.context import Context
from utils.quiet import tf


def accumulate(gradient: tf.Tensor, memory: tf.Tensor, context: Context) -> tf.Tensor:
    """MI-FGSM's momentum: g_t = mu * g_{t-1} + grad / mean(abs(grad)), the mean per image.

    Dong et al. 2018, arXiv 1710.06081; official: mu 1.0, 10 iterations, epsilon 16.
    `memory` is g_{t-1}, zero at the first iteration; a gradient that is zero throughout adds
    nothing. Example: `python attack.py --method m --mode affine --momentum 1.0`
    """
    scaled = tensors.shrunk(gradient)
    mean = tf.reduce_mean(tf.abs(scaled), [1, 2, 3], keepdims=True)
    return tensors.single(context.settings.momentum) * memory + tf.math.divide_no_nan(scaled, mean)


def look_ahead(images: tf.Tensor, memory: tf.Tensor, context: Context) -> tf.Tensor:
    """NI-FGSM's point for the gradient: x + alpha * mu * g_{t-1}.

    Lin et al. 2020, arXiv 1908.06281; official: mu 1.0, 10 iterations, epsilon 16. In the L2 ball
    alpha is taken per entry (over the root of their number), since g has entries of mean size 1.
    Example: `python attack.py --method n --mode affine`
    """
    reach = context.ball.step_length * context.ball.per_entry * context.settings.momentum
    return images + tensors.single(reach) * memory


def scale_copy(images: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """SI's copy i of the images: x / 2^i; the loss is the mean over the copies.

    Lin et al. 2020, arXiv 1908.06281; official: 5 copies. The chain-rule factor 1 / 2^i comes in
    because the gradient is taken with respect to x.
    i is `index`, an int32 scalar below 31.
    Example: `python attack.py --method s --mode affine --num_scales 5`
    """
    return images / tf.cast(tf.bitwise.left_shift(1, index), tf.float32)


def smooth(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """TI: the gradient convolved with a normalised Gaussian, each channel by itself, SAME.

    Dong et al. 2019, arXiv 1904.02884; official: 15 x 15 over linspace(-3, 3, 15). The kernel is a
    product of a column and a row, and is applied as those two.
    Example: `python attack.py --method td --mode affine --ti_kernel 15`
    """
    side, reach = context.settings.ti_kernel, context.settings.ti_nsig
    offsets = np.linspace(-reach, reach, side)
    offsets[side // 2] = 0.0  # also where the rounding of a long reach would miss it
    line = np.exp(-0.5 * offsets**2)
    line = tf.constant(line / line.sum(), tf.float32)
    for shape in ([side, 1, 1, 1], [1, side, 1, 1]):
        kernel = tf.tile(tf.reshape(line, shape), [1, 1, gradient.shape[-1], 1])
        gradient = tf.nn.depthwise_conv2d(gradient, kernel, [1, 1, 1, 1], "SAME")
    return gradient


def neighbour_variance(
    gradient_at: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    point: tf.Tensor,
    gradient: tf.Tensor,
    context: Context,
) -> tf.Tensor:
    """VT: the mean gradient at random neighbours of the point, minus the gradient at the point.

    Wang & He 2021, arXiv 2103.15571; official: 20 neighbours, uniform within 1.5 epsilon per entry.
    The result is added to the next iteration's gradient before the momentum normalises. In the L2
    ball epsilon is taken per entry (over the root of their number).
    Example: `python attack.py --method vm --mode affine --vt_samples 20 --vt_radius 1.5`

    Args:
      gradient_at: (point, number of the neighbour from 1) -> gradient there.
      point: where the gradient was taken.
      gradient: that gradient.
      context: `settings.vt_samples`, `settings.vt_radius`, `ball` and `draws` count.
    """
    samples, ball = context.settings.vt_samples, context.ball
    radius = tensors.single(context.settings.vt_radius * ball.epsilon * ball.per_entry)

    def add(number: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        draws = dataclasses.replace(context.draws, copy=number)
        noise = draws.uniform("neighbour", list(point.shape[1:]))
        return number + 1, total + gradient_at(point + radius * (2.0 * noise - 1.0), number)

    start = (tf.constant(1), tf.zeros_like(point))
    _, total = tf.while_loop(lambda number, _: number <= samples, add, start, parallel_iterations=1)
    return total / samples - gradient


def patch_wise(
    images: tf.Tensor, stride: tf.Tensor, memory: tf.Tensor, context: Context
) -> tuple[tf.Tensor, tf.Tensor]:
    """Patch-wise: amplified steps, of which what leaves the ball is handed to the neighbours.

    a += beta d; cut = clip(abs(a) - eps, 0) * sign(a); p = beta * sign(W * cut); a += p;
    x += beta d + p, with beta = 10 alpha and W 3 x 3, 1/8 round a zero centre, SAME.
    Gao et al. 2020, arXiv 2007.06827; official: factor 10, 10 iterations, epsilon 16. The mode
    replaces the sign of the gradient; p keeps its sign. In the L2 ball, cut is the part of a
    outside the ball and p has the length beta along W * cut.
    Example: `python attack.py --method pi --mode affine --pi_factor 10`

    Args:
      images: x.
      stride: beta d.
      memory: a; zero at the first iteration.
      context: `ball` counts; its step length is beta.

    Returns:
      (x before projection, a).
    """
    stride = tf.clip_by_value(stride, -1e30, 1e30)  # 0 * inf in the convolution would be NaN
    memory += stride
    weights = np.full([3, 3, 1, 1], 1.0 / 8.0, np.float32)
    weights[1, 1] = 0.0
    kernel = tf.tile(tf.constant(weights), [1, 1, images.shape[-1], 1])
    spread = tf.nn.depthwise_conv2d(context.ball.excess(memory), kernel, [1, 1, 1, 1], "SAME")
    # With d = sign(g), sums of equal terms cancel: what rounding leaves of them has no sign.
    rounding = tensors.single(1e-5 * context.ball.epsilon * context.ball.per_entry)
    projected = context.ball.steepest(tf.where(tf.abs(spread) > rounding, spread, 0.0))
    return images + stride + projected, memory + projected


def unclipped_sum(
    images: tf.Tensor, stride: tf.Tensor, memory: tf.Tensor, context: Context
) -> tuple[tf.Tensor, tf.Tensor]:
    """RGD: the steps are summed without clipping, and only the image shown is in the ball.

    z += alpha d; x = clip(x0 + clip(z, -eps, eps), -1, 1); z, zero at first, is never clipped, and
    the gradient is taken at x (in the L2 ball, x is the projection of x0 + z). With mode `sign` it
    is its authors' control: against the usual clipping, it tells whether a mode gains by its
    direction or by what the clipping does to it. Yang et al. 2023, arXiv 2312.01260; official for
    transfer: 10 steps, epsilon 16. Example: `python attack.py --method r --mode affine`

    Args:
      images: x; does not count.
      stride: alpha d; with mode `matched` what it would be with the usual clipping.
      memory: z; zero at the first iteration.
      context: `ball` counts.

    Returns:
      (x before projection, z).
    """
    memory += tf.clip_by_value(stride, -1e30, 1e30)  # so that no sum of them is NaN
    return context.ball.clean + memory, memory
