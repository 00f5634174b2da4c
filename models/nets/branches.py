"""What the Inception networks are made of: branches of named convolutions, concatenated."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tf_slim as slim

from models.nets.layers import pointwise_convs, pool_and_normalise

tf1 = tf.compat.v1

# A convolution: its scope, which ends in its kernel ("Conv2d_0b_1x7"), and its width.
Layer = tuple[str, int]


def conv(
    net: tf.Tensor,
    layer: Layer,
    reduce: bool = False,
    padding: str = "SAME",
    **how: Any,
) -> tf.Tensor:
    """One convolution whose kernel is read from its name.

    Args:
      net: float [N, H, W, C].
      layer: scope and width.
      reduce: stride 2 and VALID.
      padding: "SAME" or "VALID".
      **how: what else `slim.conv2d` takes, such as `activation_fn` instead of the scope's.
    """
    scope, width = layer
    kernel = [int(side) for side in scope.rpartition("_")[2].split("x")]
    if reduce:
        how, padding = {"stride": 2, **how}, "VALID"
    return slim.conv2d(net, width, kernel, padding=padding, scope=scope, **how)


def chain(net: tf.Tensor, layers: Sequence[Layer], last: str = "same") -> tf.Tensor:
    """Convolutions in a row, the last "same", "valid" or "reduce" (stride 2 and VALID)."""
    for layer in layers[:-1]:
        net = conv(net, layer)
    padding = "VALID" if last == "valid" else "SAME"
    return conv(net, layers[-1], reduce=last == "reduce", padding=padding)


def branch(net: tf.Tensor, number: int, *layers: Layer, last: str = "same") -> tf.Tensor:
    """`chain` in the scope `Branch_NUMBER`."""
    with tf1.variable_scope(f"Branch_{number}"):
        return chain(net, layers, last)


def heads(net: tf.Tensor, *layers: tuple[int, Layer]) -> list[tf.Tensor]:
    """The 1 x 1 convolutions with which branches begin, each in its scope `Branch_NUMBER`.

    Args:
      net: what all of them see.
      layers: each branch's number and convolution.
    """
    return pointwise_convs(
        net, [(f"Branch_{number}/{scope}", width) for number, (scope, width) in layers]
    )


def pool_branch(net: tf.Tensor, number: int, layer: Layer) -> tf.Tensor:
    """Average pool 3 x 3 (SAME, stride 1), then a convolution, in the scope `Branch_NUMBER`."""
    return branch(slim.avg_pool2d(net, 3, stride=1, padding="SAME"), number, layer)


def narrow_pool_branch(net: tf.Tensor, number: int, layer: Layer) -> tf.Tensor:
    """`pool_branch` of a 1 x 1 convolution, computed the other way round.

    A mean over pixels and a sum over channels commute, and there are fewer channels to pool after
    the convolution than before. Only rounding differs; where an image is still 35 x 35 pixels, it
    differs by more than the tests of the public numbers allow, so there `pool_branch` stays.
    """
    with tf1.variable_scope(f"Branch_{number}"):
        return conv(net, layer, normalizer_fn=pool_and_normalise)


def max_pool(net: tf.Tensor) -> tf.Tensor:
    """Max pool 3 x 3, stride 2, VALID."""
    return slim.max_pool2d(net, 3, stride=2, padding="VALID")


def conv_max_pool(net: tf.Tensor, layer: Layer, padding: str = "SAME") -> tf.Tensor:
    """A convolution, then `max_pool`.

    ReLU comes after the pool, where it has a quarter of the work: it keeps order, so the largest
    entry of a window is the same one, and so is the gradient.
    """
    return tf.nn.relu(max_pool(conv(net, layer, padding=padding, activation_fn=None)))


def stem(net: tf.Tensor) -> tf.Tensor:
    """The first layers of Inception v3 and of Inception-ResNet v2: [N, 299, 299, 3] to 35 x 35."""
    net = conv(net, ("Conv2d_1a_3x3", 32), reduce=True)
    net = conv(net, ("Conv2d_2a_3x3", 32), padding="VALID")
    net = conv_max_pool(net, ("Conv2d_2b_3x3", 64))
    net = conv(net, ("Conv2d_3b_1x1", 80), padding="VALID")
    return conv_max_pool(net, ("Conv2d_4a_3x3", 192), padding="VALID")


def concat(*branches: tf.Tensor) -> tf.Tensor:
    """The branches side by side."""
    return tf.concat(branches, axis=3)


def factored_block(
    net: tf.Tensor, left: int, middle: Sequence[int], right: Sequence[int], pooled: int
) -> tf.Tensor:
    """The block on 17 x 17 pixels, whose 7 x 7 convolutions are factored into 1 x 7 and 7 x 1.

    Args:
      net: float [N, 17, 17, C].
      left: width of the branch that is one 1 x 1 convolution.
      middle: widths of the three convolutions of the next.
      right: widths of the five convolutions of the third.
      pooled: width of the branch that pools.
    """
    scopes = "Conv2d_0b_7x1", "Conv2d_0c_1x7", "Conv2d_0d_7x1", "Conv2d_0e_1x7"
    own = "Conv2d_0a_1x1"
    first, second, third = heads(net, (0, (own, left)), (1, (own, middle[0])), (2, (own, right[0])))
    return concat(
        first,
        branch(second, 1, ("Conv2d_0b_1x7", middle[1]), ("Conv2d_0c_7x1", middle[2])),
        branch(third, 2, *zip(scopes, right[1:], strict=True)),
        narrow_pool_branch(net, 3, ("Conv2d_0b_1x1", pooled)),
    )


def factored_reduction(net: tf.Tensor, left: Sequence[int], right: Sequence[int]) -> tf.Tensor:
    """The reduction from 17 x 17 to 8 x 8 pixels.

    Args:
      net: float [N, 17, 17, C].
      left: widths of the two convolutions of the first branch.
      right: widths of the four of the second.
    """
    scopes = "Conv2d_0a_1x1", "Conv2d_0b_1x7", "Conv2d_0c_7x1", "Conv2d_1a_3x3"
    return concat(
        branch(net, 0, *zip(("Conv2d_0a_1x1", "Conv2d_1a_3x3"), left, strict=True), last="reduce"),
        branch(net, 1, *zip(scopes, right, strict=True), last="reduce"),
        max_pool(net),
    )


def grid_reduction(net: tf.Tensor, left: int, right: Sequence[int]) -> tf.Tensor:
    """The reduction from 35 x 35 to 17 x 17 pixels.

    Args:
      net: float [N, 35, 35, C].
      left: width of the branch that is one convolution.
      right: widths of the three of the other.
    """
    scopes = "Conv2d_0a_1x1", "Conv2d_0b_3x3", "Conv2d_1a_3x3"
    return concat(
        branch(net, 0, ("Conv2d_1a_3x3", left), last="reduce"),
        branch(net, 1, *zip(scopes, right, strict=True), last="reduce"),
        max_pool(net),
    )


def dense(net: tf.Tensor, width: int, scope: str) -> tf.Tensor:
    """A fully connected layer with biases and nothing after it, on [N, 1, 1, C] or [N, C]."""
    net = tf.reshape(net, [-1, net.shape[-1]])
    return slim.fully_connected(net, width, activation_fn=None, normalizer_fn=None, scope=scope)


def auxiliary_head(
    net: tf.Tensor,
    num_classes: int,
    second: str,
    logits: str,
    last: Callable[[tf.Tensor, int, str], tf.Tensor] = dense,
) -> tf.Tensor:
    """The head beside the trunk: logits [N, num_classes].

    Args:
      net: float [N, 17, 17, C].
      num_classes: columns of the logits.
      second: the scope of its 5 x 5 convolution.
      logits: the scope of its last layer.
      last: that layer, `dense` or `pointwise`.
    """
    with tf1.variable_scope("AuxLogits"):
        net = slim.avg_pool2d(net, 5, stride=3, padding="VALID")
        net = conv(net, ("Conv2d_1b_1x1", 128))
        net = slim.conv2d(net, 768, 5, padding="VALID", scope=second)
        return last(net, num_classes, logits)
