"""BSR: the source sees images cut into blocks that are shuffled and turned.

Wang et al. 2023, arXiv 2308.10299.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from methods.context import Context
from methods.draws import Draws
from utils.errors import MethodError
from utils.quiet import tf


class Cut(NamedTuple):
    """A line of `side` pixels, cut into strips that are laid out in another order.

    Attributes:
      start: int32 [..., n], where the strip at each place of the new order began.
      length: int32 [..., n], its length.
    """

    start: tf.Tensor
    length: tf.Tensor


class Blocks(NamedTuple):
    """How each image of a batch is cut, shuffled and turned.

    Attributes:
      rows_first: bool [N], whether the strips are of rows, and columns are cut within them.
      strips: [N, n], along the first axis.
      angle: float32 [N, n], of the strip at each place, in radians.
      pieces: [N, n, n], of each of these strips along the other axis.
    """

    rows_first: tf.Tensor
    strips: Cut
    angle: tf.Tensor
    pieces: Cut


def draw_blocks(draws: Draws, side: int, count: int, degrees: float) -> Blocks:
    """Draws a batch's transforms, all parts independent.

    Raises:
      MethodError: the images are too small for so many strips.
    """
    if side < count * count:
        raise MethodError(
            f"--bsr_strips {count} is too many for images of side {side}: give a smaller one, at "
            "most the root of the side."
        )
    sizes = [1, count, count, count, count * count, count * count]
    drawn = draws.uniform("blocks", [sum(sizes)])
    coin, lengths, order, turn, inner_lengths, inner_order = tf.split(drawn, sizes, axis=1)
    square = [-1, count, count]
    return Blocks(
        coin[:, 0] < 0.5,
        _cut(lengths, order, side),
        np.deg2rad(degrees) * (2.0 * turn - 1.0),
        _cut(tf.reshape(inner_lengths, square), tf.reshape(inner_order, square), side),
    )


def _cut(lengths: tf.Tensor, order: tf.Tensor, side: int) -> Cut:
    """From uniform draws in [0, 1): lengths in ratios of uniform(1, 2), the order by rank.

    The lengths are rounded, and the first of the longest gets what the others leave of the side.
    """
    weight = 1.0 + lengths
    total = tf.reduce_sum(weight, -1, keepdims=True)
    length = tf.cast(tf.round(weight / total * side), tf.int32)
    rest = side - tf.reduce_sum(length, -1, keepdims=True)
    length += rest * tf.one_hot(tf.argmax(length, -1), lengths.shape[-1], dtype=tf.int32)
    start = tf.cumsum(length, axis=-1, exclusive=True)
    order = tf.argsort(order, axis=-1, stable=True)
    axes = len(order.shape) - 1
    return Cut(*(tf.gather(each, order, axis=-1, batch_dims=axes) for each in (start, length)))


def _laid_out(cut: Cut, side: int) -> tuple[tf.Tensor, tf.Tensor]:
    """For each pixel of the new line, int32 [..., side]: its strip's place, and where it was."""
    end = tf.cumsum(cut.length, axis=-1)
    pixel = tf.range(side)
    passed = tf.cast(pixel[:, tf.newaxis] >= end[..., tf.newaxis, :-1], tf.int32)
    place = tf.reduce_sum(passed, -1)
    shift = cut.start - (end - cut.length)
    return place, pixel + tf.gather(shift, place, axis=-1, batch_dims=len(end.shape) - 1)


def shuffle(images: tf.Tensor, blocks: Blocks) -> tf.Tensor:
    """Cuts, shuffles and turns.

    Each strip is turned round its own centre, bilinearly, with zeros (mid-grey) from outside it;
    then it is cut along the other axis, and these pieces are shuffled within it.

    Args:
      images: float32 [N, S, S, 3].
      blocks: of N images.

    Returns:
      float32 [N, S, S, 3].
    """
    batch, side, _, channels = images.shape

    def oriented(tensor: tf.Tensor) -> tf.Tensor:
        rows_first = tf.reshape(blocks.rows_first, [-1, 1, 1, 1])
        return tf.where(rows_first, tensor, tf.transpose(tensor, [0, 2, 1, 3]))

    # From here on the strips are of rows.
    place, row = _laid_out(blocks.strips, side)
    _, columns = _laid_out(blocks.pieces, side)

    def of_row(values: tf.Tensor) -> tf.Tensor:
        return tf.gather(values, place, axis=1, batch_dims=1)

    start, length, angle = (
        of_row(each)[..., tf.newaxis] for each in (*blocks.strips, blocks.angle)
    )
    middle = tf.cast(length - 1, tf.float32) / 2, (side - 1) / 2
    down = tf.cast(row[..., tf.newaxis] - start, tf.float32) - middle[0]
    right = tf.cast(of_row(columns), tf.float32) - middle[1]
    # Where in its strip each pixel comes from.
    vertical = tf.cos(angle) * down + tf.sin(angle) * right + middle[0]
    horizontal = tf.cos(angle) * right - tf.sin(angle) * down + middle[1]
    top, left = tf.floor(vertical), tf.floor(horizontal)
    flat = tf.reshape(oriented(images), [-1, side * side, channels])
    result = tf.zeros_like(flat)
    for below in (0, 1):
        for beside in (0, 1):
            y, x = (tf.cast(each, tf.int32) for each in (top + below, left + beside))
            inside = (y >= 0) & (y < length) & (x >= 0) & (x < side)
            weight = (1 - tf.abs(vertical - top - below)) * (1 - tf.abs(horizontal - left - beside))
            weight = tf.where(inside, weight, 0.0)
            index = tf.where(inside, (start + y) * side + x, 0)
            corner = tf.gather(flat, tf.reshape(index, [batch, -1]), axis=1, batch_dims=1)
            result += tf.reshape(weight, [-1, side * side, 1]) * corner
    return oriented(tf.reshape(result, [-1, side, side, channels]))


def block_shuffle(source: Callable, images: tf.Tensor, context: Context) -> tuple:
    """The source's answer to one shuffled and turned copy of each image; the loss is their mean.

    One of the two axes first, at random: along it 3 strips of random lengths, shuffled; each turned
    by an angle uniform within 24 degrees; then each cut along the other axis and shuffled, too.
    Official: 10 copies of 3 strips, 24 degrees, with MI's momentum 1.0, 10 iterations, epsilon 16.
    Example: `python attack.py --method mb --mode affine --bsr_copies 10 --bsr_angle 24`

    Args:
      source: images -> (logits, auxiliary logits or None).
      images: float32 [N, S, S, 3].
      context: `settings.bsr_strips`, `settings.bsr_angle` and `draws` count.

    Returns:
      (logits, auxiliary logits or None).
    """
    settings = context.settings
    blocks = draw_blocks(context.draws, images.shape[1], settings.bsr_strips, settings.bsr_angle)
    return source(shuffle(images, blocks))
