"""What replaces `sign`: from an image's gradient to the direction of its step.

A direction is a pure function (gradient, context) -> d, both float32 [N, S, S, 3]; the step before
projection is alpha * d. Every one of them gives d = 0 for an image whose gradient is zero.
FGNM is Cheng et al., arXiv 2110.12734.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from methods import tensors
from methods.context import Context
from methods.order import kth_smallest
from methods.settings import REFERENCE_ENTRIES
from utils.errors import MethodError
from utils.quiet import tf

# FGNM_K counts entries below this as if their reciprocal were as small as this.
NEGLIGIBLE = 1e-20


def sign(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """The sign of every entry (Goodfellow et al. 2015, arXiv 1412.6572).

    Example: `python attack.py --method if --mode sign`
    """
    return tf.sign(gradient)


def affine(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """FGNM_N: the gradient scaled to the length of its sign, zeta = |sign g| / |g|, per image.

    The length of the sign is the root of the number of non-zero entries. Single entries of d may
    exceed 1. Example: `python attack.py --method if --mode affine`
    """
    zeta, scaled = affine_parts(gradient)
    return zeta * scaled


def affine_parts(gradient: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """FGNM_N's d as a number an image, [N, 1, 1, 1], and what that multiplies."""
    scaled = tensors.shrunk(gradient)
    zeta = tf.math.divide_no_nan(tensors.norm2(tf.sign(gradient)), tensors.norm2(scaled))
    return zeta, scaled


def fgnm_k(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """FGNM_K: g / m, where m is the K-th entry when 1 / |g| is sorted descending, from 0.

    Entries below 1e-20 count as a reciprocal of 1e-20, so they sort last; where more than n - K are
    that small, d is next to nothing (the attack reports that share as `zero_share`). K is given for
    268203 entries (official: 200001); other sizes keep K / n.
    Example: `python attack.py --method if --mode test --k 200001`
    """
    size = tf.reshape(tf.abs(gradient), [gradient.shape[0], -1])
    size = tf.where(size < NEGLIGIBLE, 1.0 / NEGLIGIBLE, size)
    index = context.settings.k * size.shape[1] // REFERENCE_ENTRIES
    return gradient / tf.reshape(kth_smallest(size, index), [-1, 1, 1, 1])


def raw(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """The gradient as it is. Example: `python attack.py --method if --mode raw`."""
    return gradient


def random(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """Control: the sign of Gaussian noise, drawn anew for each image and iteration.

    That is a fair coin per entry, so a coin is what is drawn. It looks at the gradient only to take
    no step where that is zero throughout, like every direction.
    Example: `python attack.py --method if --mode random`
    """
    noise = context.draws.uniform("direction", list(gradient.shape[1:]))
    coin = tf.where(noise < 0.5, -1.0, 1.0)
    return tf.where(tensors.largest(gradient) > 0, coin, 0.0)


def staircase(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """SSM: sign(g) * (2j + 1) / 64 for an entry in the j-th of 64 percentile steps of abs(g).

    The steps are 1.5625 % wide, per image and channel, j from 0; an entry is in the first whose
    upper percentile (lower interpolation) it does not exceed (Gao et al., arXiv 2104.09722).
    Example: `python attack.py --method if --mode staircase`
    """
    batch, height, width, channels = gradient.shape
    steps = 64
    size = tf.reshape(tf.transpose(tf.abs(gradient), [0, 3, 1, 2]), [-1, height * width])
    ranks = [(height * width - 1) * step // steps for step in range(1, steps + 1)]
    bounds = tf.gather(tf.sort(size, axis=1), ranks, axis=1)
    step = tf.reshape(tf.searchsorted(bounds, size), [batch, channels, height, width])
    weight = (2.0 * tf.cast(step, tf.float32) + 1.0) / steps
    return tf.sign(gradient) * tf.transpose(weight, [0, 2, 3, 1])


def rescale(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """FGRM: sign(g), scaled by where log2(abs(g)) lies among the image's entries.

    With l = log2(abs(g)) and, per image, its mean mu and standard deviation s (over n - 1),
    d = 2 * sign(g) * sigmoid((l - mu) / s): from 0 for the smallest entries to 2 for the largest
    (Han et al., arXiv 2307.02828; official: epsilon 16, 10 steps, momentum 1). Zero entries have no
    logarithm: they are left out of mu and s, and d is 0 there. Where all others are equal, s is 0
    and d the sign. `--rescale_form code` is what the authors' program computes instead: with
    a = -log2(abs(g)) and M its largest per image and channel,
    d = 2 * ln(1 + ceil(M - a + 1e-9) / M) * sign(g), which depends on how large g is; a channel
    without an entry below 1 has no such M, and gets the sign.
    Example: `python attack.py --method m --mode rescale`
    """
    smallest = np.finfo(np.float32).tiny  # what is smaller may count as zero or not, by device
    if context.settings.rescale_form == "code":
        size = tf.abs(gradient)
        there = size >= smallest
        minus_log = -tf.math.log(tf.where(there, size, 1.0)) / np.log(2.0)
        top = tf.reduce_max(tf.where(there, minus_log, 0.0), [1, 2], keepdims=True)
        share = tf.math.divide_no_nan(tf.math.ceil(top - minus_log + 1e-9), top)
        weight = tf.where(top > 0, 2.0 * tf.math.log1p(share), 1.0)
    else:
        # Over the largest entry, so that the logarithms of equal entries are 0, and s exactly so.
        size = tf.abs(tensors.shrunk(gradient))
        there = size >= smallest
        log = tf.math.log(tf.where(there, size, 1.0)) / np.log(2.0)
        count = tensors.total(tf.cast(there, tf.float32))
        above = log - tf.math.divide_no_nan(tensors.total(log), count)
        squares = tensors.total(tf.where(there, tf.square(above), 0.0))
        deviation = tf.sqrt(tf.math.divide_no_nan(squares, count - 1.0))
        weight = 2.0 * tf.sigmoid(tf.math.divide_no_nan(above, deviation))
    return tf.where(there, tf.sign(gradient) * weight, 0.0)


def matched(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """The gradient scaled so that after projection the step is as long as the sign's would be.

    FGNM gives the step the sign's length and the box then clips much of it away. Here, per image,
    zeta solves norm2(project(x + zeta * g) - x) = norm2(project(x + alpha * sign(g)) - x), in at
    most 30 evaluations of a few cheap operations, and no gradient. Where no zeta is long enough, it
    is large. Example: `python attack.py --method m --mode matched`

    Returns:
      The step itself, zeta * g, not to be multiplied with alpha.
    """
    images, ball = context.images, context.ball
    by_sign = ball.project(images + ball.stride(tf.sign(gradient))) - images
    wanted = tf.reshape(tensors.norm2(by_sign), [-1])
    along = tensors.unit(gradient)
    return tf.reshape(ball.scale_to_reach(images, along, wanted), [-1, 1, 1, 1]) * along


@dataclasses.dataclass(frozen=True)
class Direction:
    """A row of the table of modes.

    Attributes:
      name: the value of `--mode`.
      function: (gradient, context) -> d.
      aliases: other names that `--mode` takes.
      own_length: the function returns the whole step, which alpha does not scale.
      parts: the function's d as (a number an image, what that multiplies), where it is a product:
        alpha joins the number, which saves a pass over the images.
    """

    name: str
    function: Callable[[tf.Tensor, Context], tf.Tensor]
    aliases: tuple[str, ...] = ()
    own_length: bool = False
    parts: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]] | None = None

    def stride(self, gradient: tf.Tensor, context: Context) -> tf.Tensor:
        """The step before projection, float32 [N, S, S, 3]."""
        if self.own_length:
            return self.function(gradient, context)
        if self.parts:
            factor, scaled = self.parts(gradient)
            return context.ball.stride(scaled, factor)
        return context.ball.stride(self.function(gradient, context))


_TABLE = (
    Direction("sign", sign),
    Direction("affine", affine, ("fgnm_n",), parts=affine_parts),
    Direction("test", fgnm_k, ("fgnm_k",)),
    Direction("raw", raw),
    Direction("staircase", staircase),
    Direction("rescale", rescale, ("fgrm",)),
    Direction("matched", matched, own_length=True),
    Direction("random", random),
)
MODES: dict[str, Direction] = {row.name: row for row in _TABLE}


def parse_mode(name: str) -> Direction:
    """The row of a mode, by its name or an alias.

    Raises:
      MethodError: the name is unknown; lists the known ones.
    """
    wanted = name.strip().lower()
    for row in MODES.values():
        if wanted == row.name or wanted in row.aliases:
            return row
    known = ", ".join(" = ".join((row.name, *row.aliases)) for row in MODES.values())
    raise MethodError(f"--mode {name!r} is unknown; the modes are {known}.")
