"""DI: the source sees some images enlarged at random and padded at random.

Xie et al. 2019, arXiv 1803.06978.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from methods import tensors
from methods.context import Context
from methods.draws import Draws
from methods.inputs import Inputs
from methods.settings import AttackSettings
from utils.quiet import tf

_REFERENCE_SIDE = 299


class Placement(NamedTuple):
    """How each image of a batch is transformed.

    Attributes:
      changed: bool [N], whether it is.
      side: int32 [N], what it is enlarged to.
      top: int32 [N], rows of zeros above it.
      left: int32 [N], columns of zeros to the left of it.
    """

    changed: tf.Tensor
    side: tf.Tensor
    top: tf.Tensor
    left: tf.Tensor


def canvas_side(side: int, settings: AttackSettings | Inputs) -> int:
    """The side of the padded image: 330 for 299, the same ratio for others, at least side + 1."""
    return max(side + 1, round(side * settings.image_resize / _REFERENCE_SIDE))


def draw_placement(draws: Draws, side: int, canvas: int, prob: tf.Tensor | float) -> Placement:
    """Draws a batch's transforms.

    Changed with probability `prob`; the new side uniform in [side, canvas), the offsets uniform in
    [0, canvas - new side), as in the official code, all independent.
    """
    coin, *fractions = tf.unstack(draws.uniform("diversity", [4]), axis=1)

    def below(limit: tf.Tensor | int, fraction: tf.Tensor) -> tf.Tensor:
        limit = tf.cast(limit, tf.float32)
        return tf.cast(tf.floor(fraction * limit), tf.int32)

    enlarged = side + below(canvas - side, fractions[0])
    rest = canvas - enlarged
    return Placement(
        coin < tensors.single(prob), enlarged, below(rest, fractions[1]), below(rest, fractions[2])
    )


def place(images: tf.Tensor, placement: Placement, canvas: int) -> tf.Tensor:
    """Enlarges each image by nearest neighbour and puts it on a canvas of zeros (mid-grey).

    Output row o of the enlarged image is input row floor(o * S / side), as the official code's
    TensorFlow 1 resize has it.

    Args:
      images: float32 [N, S, S, 3].
      placement: of N images; `changed` does not count.
      canvas: the side of the result.

    Returns:
      float32 [N, canvas, canvas, 3].
    """
    old = images.shape[1]

    def source_index(offset: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        position = tf.range(canvas)[tf.newaxis] - offset[:, tf.newaxis]
        side = placement.side[:, tf.newaxis]
        inside = (position >= 0) & (position < side)
        return tf.clip_by_value(position * old // side, 0, old - 1), inside

    rows, row_inside = source_index(placement.top)
    columns, column_inside = source_index(placement.left)
    enlarged = tf.gather(images, rows, axis=1, batch_dims=1)
    enlarged = tf.gather(enlarged, columns, axis=2, batch_dims=1)
    inside = row_inside[:, :, tf.newaxis] & column_inside[:, tf.newaxis, :]
    return enlarged * tf.cast(inside, images.dtype)[..., tf.newaxis]


def diverse_input(source: Callable, images: tf.Tensor, context: Context) -> tuple:
    """The source's answer where each image is transformed with probability p.

    Official: prob 0.7, side in [299, 330). The unchanged images go to the source at their own
    side, the others at the canvas's, as two batches; a source that wants another side resizes by
    itself. Under XLA, where shapes cannot depend on draws, all images go both ways and one
    answer of the two is taken, which costs twice the gradient.
    Example: `python attack.py --method d --mode affine --prob 0.7`

    Args:
      source: images -> (logits, auxiliary logits or None).
      images: float32 [N, S, S, 3].
      context: `settings.prob`, `settings.image_resize` and `draws` count.

    Returns:
      (logits, auxiliary logits or None) in the images' order.
    """
    side = images.shape[1]
    canvas = canvas_side(side, context.settings)
    placement = draw_placement(context.draws, side, canvas, context.settings.prob)
    if context.static_shapes:
        outputs = source(place(images, placement, canvas)), source(images)
        order = tf.where(placement.changed, 0, images.shape[0]) + tf.range(images.shape[0])
    else:
        groups = _members(placement.changed), _members(~placement.changed)
        chosen = Placement(*(tf.gather(value, groups[0]) for value in placement))
        outputs = (
            source(place(tf.gather(images, groups[0]), chosen, canvas)),
            source(tf.gather(images, groups[1])),
        )
        order = tf.where(
            placement.changed,
            tf.cumsum(tf.cast(placement.changed, tf.int32)) - 1,
            tf.size(groups[0]) + tf.cumsum(tf.cast(~placement.changed, tf.int32)) - 1,
        )

    def merge(changed: tf.Tensor | None, unchanged: tf.Tensor | None) -> tf.Tensor | None:
        return None if changed is None else tf.gather(tf.concat([changed, unchanged], 0), order)

    return tuple(map(merge, *outputs))


def _members(which: tf.Tensor) -> tf.Tensor:
    """The indices of the true entries; the first index where there are none.

    TensorFlow's oneDNN convolution gets the shape of an empty batch's result wrong, so no group is
    left empty; nobody reads the answer for the stand-in, and its gradient is zero.
    """
    found = tf.cast(tf.where(which)[:, 0], tf.int32)
    return tf.cond(tf.size(found) > 0, lambda: found, lambda: tf.zeros([1], tf.int32))
