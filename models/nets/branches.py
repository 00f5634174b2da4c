"""What the Inception networks are made of: branches of named convolutions, concatenated."""

from collections.abc import Sequence

import tensorflow as tf
import tf_slim as slim

tf1 = tf.compat.v1

# A convolution: its scope, which ends in its kernel ("Conv2d_0b_1x7"), and its width.
Layer = tuple[str, int]


def conv(net: tf.Tensor, layer: Layer, reduce: bool = False, padding: str = "SAME") -> tf.Tensor:
    """One convolution whose kernel is read from its name; `reduce` means stride 2 and VALID."""
    scope, width = layer
    kernel = [int(side) for side in scope.rpartition("_")[2].split("x")]
    if reduce:
        return slim.conv2d(net, width, kernel, stride=2, padding="VALID", scope=scope)
    return slim.conv2d(net, width, kernel, padding=padding, scope=scope)


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


def pool_branch(net: tf.Tensor, number: int, layer: Layer) -> tf.Tensor:
    """Average pool 3 x 3 (SAME, stride 1), then a convolution, in the scope `Branch_NUMBER`."""
    return branch(slim.avg_pool2d(net, 3, stride=1, padding="SAME"), number, layer)


def max_pool(net: tf.Tensor) -> tf.Tensor:
    """Max pool 3 x 3, stride 2, VALID."""
    return slim.max_pool2d(net, 3, stride=2, padding="VALID")


def concat(*branches: tf.Tensor) -> tf.Tensor:
    """The branches side by side."""
    return tf.concat(branches, axis=3)


def dense(net: tf.Tensor, width: int, scope: str) -> tf.Tensor:
    """A fully connected layer with biases and nothing after it, on [N, 1, 1, C] or [N, C]."""
    net = tf.reshape(net, [-1, net.shape[-1]])
    return slim.fully_connected(net, width, activation_fn=None, normalizer_fn=None, scope=scope)


def auxiliary_head(net: tf.Tensor, num_classes: int, second: str, logits: str) -> tf.Tensor:
    """The head beside the trunk: logits [N, num_classes].

    Args:
      net: float [N, 17, 17, C].
      num_classes: columns of the logits.
      second: the scope of its 5 x 5 convolution.
      logits: the scope of its fully connected layer.
    """
    with tf1.variable_scope("AuxLogits"):
        net = slim.avg_pool2d(net, 5, stride=3, padding="VALID")
        net = conv(net, ("Conv2d_1b_1x1", 128))
        net = slim.conv2d(net, 768, 5, padding="VALID", scope=second)
        return dense(net, num_classes, logits)
