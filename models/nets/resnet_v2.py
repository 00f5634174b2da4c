"""ResNet v2 (arXiv 1603.05027): batch norm and ReLU before the convolutions."""

import tensorflow as tf
import tf_slim as slim

from models.nets.layers import batch_norm, mean_logits

tf1 = tf.compat.v1

EPSILON = 1e-5
# Depth of the network -> units in each of the four blocks.
UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def _padded_conv(
    net: tf.Tensor, width: int, kernel: int, stride: int, scope: str, **options: object
) -> tf.Tensor:
    """A convolution that pads alike on both sides where it is strided, whatever the side."""
    if stride == 1:
        return slim.conv2d(net, width, kernel, scope=scope, **options)
    before = (kernel - 1) // 2
    padding = [before, kernel - 1 - before]
    net = tf.pad(net, [[0, 0], padding, padding, [0, 0]])
    return slim.conv2d(net, width, kernel, stride=stride, padding="VALID", scope=scope, **options)


def _unit(net: tf.Tensor, width: int, stride: int) -> tf.Tensor:
    """A bottleneck unit with `4 * width` channels at its end."""
    linear = {"activation_fn": None, "normalizer_fn": None}
    preact = batch_norm(net, activation_fn=tf.nn.relu, scope="preact")
    if net.shape[-1] != 4 * width:
        shortcut = slim.conv2d(preact, 4 * width, 1, stride=stride, scope="shortcut", **linear)
    else:
        shortcut = slim.max_pool2d(net, 1, stride=stride) if stride > 1 else net
    residual = slim.conv2d(preact, width, 1, scope="conv1")
    residual = _padded_conv(residual, width, 3, stride, scope="conv2")
    return shortcut + slim.conv2d(residual, 4 * width, 1, scope="conv3", **linear)


def resnet_v2(images: tf.Tensor, num_classes: int, depth: int) -> tuple[tf.Tensor, None]:
    """Builds it under the scope `resnet_v2_DEPTH`; the depth is a key of UNITS."""
    with (
        tf1.variable_scope(f"resnet_v2_{depth}"),
        slim.arg_scope([batch_norm], epsilon=EPSILON),
    ):
        net = _padded_conv(
            images, 64, 7, stride=2, scope="conv1", activation_fn=None, normalizer_fn=None
        )
        net = slim.max_pool2d(net, 3, stride=2, padding="SAME")
        for block, units in enumerate(UNITS[depth], start=1):
            for unit in range(1, units + 1):
                stride = 2 if unit == units and block < 4 else 1
                with tf1.variable_scope(f"block{block}/unit_{unit}/bottleneck_v2"):
                    net = _unit(net, 64 * 2 ** (block - 1), stride)
        net = batch_norm(net, activation_fn=tf.nn.relu, scope="postnorm")
        return mean_logits(net, num_classes, "logits"), None
