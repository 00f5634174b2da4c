"""Inception-ResNet v2 (arXiv 1602.07261), with its auxiliary head."""

from collections.abc import Sequence

import tensorflow as tf
import tf_slim as slim

from models.nets.branches import (
    Layer,
    auxiliary_head,
    branch,
    concat,
    conv,
    dense,
    grid_reduction,
    max_pool,
    pool_branch,
    stem,
)

tf1 = tf.compat.v1

# The branches of the residual blocks.
BLOCK35 = (
    (("Conv2d_1x1", 32),),
    (("Conv2d_0a_1x1", 32), ("Conv2d_0b_3x3", 32)),
    (("Conv2d_0a_1x1", 32), ("Conv2d_0b_3x3", 48), ("Conv2d_0c_3x3", 64)),
)
BLOCK17 = (
    (("Conv2d_1x1", 192),),
    (("Conv2d_0a_1x1", 128), ("Conv2d_0b_1x7", 160), ("Conv2d_0c_7x1", 192)),
)
BLOCK8 = (
    (("Conv2d_1x1", 192),),
    (("Conv2d_0a_1x1", 192), ("Conv2d_0b_1x3", 224), ("Conv2d_0c_3x1", 256)),
)


def _residual(
    net: tf.Tensor,
    branches: Sequence[Sequence[Layer]],
    scale: float,
    scope: str,
    relu: bool = True,
) -> tf.Tensor:
    with tf1.variable_scope(scope):
        mixed = concat(*(branch(net, number, *layers) for number, layers in enumerate(branches)))
        up = slim.conv2d(
            mixed, net.shape[-1], 1, activation_fn=None, normalizer_fn=None, scope="Conv2d_1x1"
        )
        net += scale * up
        return tf.nn.relu(net) if relu else net


def _repeat(
    net: tf.Tensor,
    times: int,
    branches: Sequence[Sequence[Layer]],
    scale: float,
    scope: str,
    block: str,
) -> tf.Tensor:
    with tf1.variable_scope(scope):
        for number in range(1, times + 1):
            net = _residual(net, branches, scale, f"{block}_{number}")
    return net


def _first_blocks(net: tf.Tensor) -> tf.Tensor:
    net = stem(net)
    with tf1.variable_scope("Mixed_5b"):
        return concat(
            branch(net, 0, ("Conv2d_1x1", 96)),
            branch(net, 1, ("Conv2d_0a_1x1", 48), ("Conv2d_0b_5x5", 64)),
            branch(net, 2, ("Conv2d_0a_1x1", 64), ("Conv2d_0b_3x3", 96), ("Conv2d_0c_3x3", 96)),
            pool_branch(net, 3, ("Conv2d_0b_1x1", 64)),
        )


def _reduction_b(net: tf.Tensor) -> tf.Tensor:
    layers = ("Conv2d_0a_1x1", 256), ("Conv2d_0b_3x3", 288), ("Conv2d_1a_3x3", 320)
    with tf1.variable_scope("Mixed_7a"):
        return concat(
            branch(net, 0, ("Conv2d_0a_1x1", 256), ("Conv2d_1a_3x3", 384), last="reduce"),
            branch(net, 1, ("Conv2d_0a_1x1", 256), ("Conv2d_1a_3x3", 288), last="reduce"),
            branch(net, 2, *layers, last="reduce"),
            max_pool(net),
        )


def inception_resnet_v2(images: tf.Tensor, num_classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Builds it under the scope `InceptionResnetV2`, for a side of 299."""
    with tf1.variable_scope("InceptionResnetV2"):
        net = _first_blocks(images)
        net = _repeat(net, 10, BLOCK35, 0.17, "Repeat", "block35")
        with tf1.variable_scope("Mixed_6a"):
            net = grid_reduction(net, 384, (256, 256, 384))
        net = _repeat(net, 20, BLOCK17, 0.10, "Repeat_1", "block17")
        auxiliary = auxiliary_head(net, num_classes, "Conv2d_2a_5x5", "Logits")
        net = _reduction_b(net)
        net = _repeat(net, 9, BLOCK8, 0.20, "Repeat_2", "block8")
        net = _residual(net, BLOCK8, 1.0, "Block8", relu=False)
        net = conv(net, ("Conv2d_7b_1x1", 1536))
        net = slim.avg_pool2d(net, 8, padding="VALID")
        with tf1.variable_scope("Logits"):
            return dense(net, num_classes, "Logits"), auxiliary
