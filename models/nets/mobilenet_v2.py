"""MobileNet v2 (arXiv 1801.04381)."""

import tensorflow as tf
import tf_slim as slim

from models.nets.layers import mean_logits

tf1 = tf.compat.v1

# Table 2 of the paper: expansion, width, repeats, stride of the first.
STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip


def divisible(width: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to `width` that takes away no more than a tenth of it."""
    rounded = max(divisor, int(width + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * width else rounded


def _inverted_residual(
    net: tf.Tensor, expansion: int, width: int, stride: int, scope: str
) -> tf.Tensor:
    block_input, depth = net, net.shape[-1]
    with tf1.variable_scope(scope):
        if expansion > 1:
            net = slim.conv2d(net, depth * expansion, 1, scope="expand")
        net = slim.separable_conv2d(
            net, None, 3, depth_multiplier=1, stride=stride, scope="depthwise"
        )
        net = slim.conv2d(net, width, 1, activation_fn=None, scope="project")
    return net + block_input if stride == 1 and depth == width else net


def mobilenet_v2(
    images: tf.Tensor, num_classes: int, multiplier: float = 1.0
) -> tuple[tf.Tensor, None]:
    """Builds it under the scope `MobilenetV2`, with `multiplier` as factor of every width.

    The last convolution keeps its 1280 channels where that is below 1.
    """
    with (
        tf1.variable_scope("MobilenetV2"),
        slim.arg_scope([slim.conv2d, slim.separable_conv2d], activation_fn=tf.nn.relu6),
    ):
        net = slim.conv2d(images, divisible(32 * multiplier), 3, stride=2, scope="Conv")
        block = 0
        for expansion, width, repeats, first_stride in STAGES:
            for repeat in range(repeats):
                scope = f"expanded_conv_{block}" if block else "expanded_conv"
                stride = 1 if repeat else first_stride
                net = _inverted_residual(
                    net, expansion, divisible(width * multiplier), stride, scope
                )
                block += 1
        net = slim.conv2d(net, divisible(1280 * max(1.0, multiplier)), 1, scope="Conv_1")
        with tf1.variable_scope("Logits"):
            return mean_logits(net, num_classes, "Conv2d_1c_1x1"), None
