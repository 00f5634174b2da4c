"""MobileNet v1 (arXiv 1704.04861)."""

import tensorflow as tf
import tf_slim as slim

from models.nets.layers import mean_logits

tf1 = tf.compat.v1

# (stride, width) of the 13 pairs of a depthwise and a pointwise convolution.
PAIRS = (
    (1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), (1, 512), (1, 512), (1, 512),
    (1, 512), (1, 512), (2, 1024), (1, 1024),
)  # fmt: skip
MIN_WIDTH = 8


def mobilenet_v1(
    images: tf.Tensor, num_classes: int, multiplier: float = 1.0
) -> tuple[tf.Tensor, None]:
    """Builds it under the scope `MobilenetV1`, with `multiplier` as factor of every width."""

    def width(full: int) -> int:
        return max(MIN_WIDTH, int(full * multiplier))

    with (
        tf1.variable_scope("MobilenetV1"),
        slim.arg_scope([slim.conv2d, slim.separable_conv2d], activation_fn=tf.nn.relu6),
    ):
        net = slim.conv2d(images, width(32), 3, stride=2, scope="Conv2d_0")
        for number, (stride, full) in enumerate(PAIRS, start=1):
            net = slim.separable_conv2d(
                net, None, 3, depth_multiplier=1, stride=stride, scope=f"Conv2d_{number}_depthwise"
            )
            net = slim.conv2d(net, width(full), 1, scope=f"Conv2d_{number}_pointwise")
        with tf1.variable_scope("Logits"):
            return mean_logits(net, num_classes, "Conv2d_1c_1x1"), None
