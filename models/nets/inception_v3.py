"""Inception v3 (arXiv 1512.00567), with its auxiliary head.

Some scopes are named after other kernels or letters than their neighbours': so it is in the public
checkpoints.
"""

import tensorflow as tf
import tf_slim as slim

from models.nets.branches import (
    auxiliary_head,
    branch,
    chain,
    concat,
    conv,
    factored_block,
    factored_reduction,
    heads,
    max_pool,
    narrow_pool_branch,
    pool_branch,
    stem,
)
from models.nets.layers import mean_logits, pointwise

tf1 = tf.compat.v1


def _block_a(net: tf.Tensor, pooled: int, first: str, second: str) -> tf.Tensor:
    own = "Conv2d_0a_1x1"
    left, middle, right = heads(net, (0, (own, 64)), (1, (first, 48)), (2, (own, 64)))
    return concat(
        left,
        branch(middle, 1, (second, 64)),
        branch(right, 2, ("Conv2d_0b_3x3", 96), ("Conv2d_0c_3x3", 96)),
        pool_branch(net, 3, ("Conv2d_0b_1x1", pooled)),
    )


def _reduction_a(net: tf.Tensor) -> tf.Tensor:
    # Both are called 1x1 and are 3x3.
    reduce = {"stride": 2, "padding": "VALID", "scope": "Conv2d_1a_1x1"}
    with tf1.variable_scope("Branch_0"):
        left = slim.conv2d(net, 384, 3, **reduce)
    with tf1.variable_scope("Branch_1"):
        right = chain(net, (("Conv2d_0a_1x1", 64), ("Conv2d_0b_3x3", 96)))
        right = slim.conv2d(right, 96, 3, **reduce)
    return concat(left, right, max_pool(net))


def _block_c(net: tf.Tensor, column: str) -> tf.Tensor:
    own = "Conv2d_0a_1x1"
    left, middle, right = heads(net, (0, (own, 320)), (1, (own, 384)), (2, (own, 448)))
    with tf1.variable_scope("Branch_1"):
        middle = concat(conv(middle, ("Conv2d_0b_1x3", 384)), conv(middle, (column, 384)))
    with tf1.variable_scope("Branch_2"):
        right = conv(right, ("Conv2d_0b_3x3", 384))
        right = concat(conv(right, ("Conv2d_0c_1x3", 384)), conv(right, ("Conv2d_0d_3x1", 384)))
    return concat(
        left,
        middle,
        right,
        narrow_pool_branch(net, 3, ("Conv2d_0b_1x1", 192)),
    )


# The blocks after the stem: the letters of their scopes `Mixed_...`, what each is, and its options.
BLOCKS = (
    ("5b", _block_a, (32, "Conv2d_0a_1x1", "Conv2d_0b_5x5")),
    ("5c", _block_a, (64, "Conv2d_0b_1x1", "Conv_1_0c_5x5")),
    ("5d", _block_a, (64, "Conv2d_0a_1x1", "Conv2d_0b_5x5")),
    ("6a", _reduction_a, ()),
    ("6b", factored_block, (192, (128, 128, 192), (128, 128, 128, 128, 192), 192)),
    ("6c", factored_block, (192, (160, 160, 192), (160, 160, 160, 160, 192), 192)),
    ("6d", factored_block, (192, (160, 160, 192), (160, 160, 160, 160, 192), 192)),
    ("6e", factored_block, (192, (192, 192, 192), (192, 192, 192, 192, 192), 192)),
    ("7a", factored_reduction, ((192, 320), (192, 192, 192, 192))),
    ("7b", _block_c, ("Conv2d_0b_3x1",)),
    ("7c", _block_c, ("Conv2d_0c_3x1",)),
)
AUXILIARY_AFTER = "6e"


def inception_v3(images: tf.Tensor, num_classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Builds it under the scope `InceptionV3`, for sides from 299 to 330 (8 x 8 at the end)."""
    with tf1.variable_scope("InceptionV3"):
        net = stem(images)
        for name, block, options in BLOCKS:
            with tf1.variable_scope(f"Mixed_{name}"):
                net = block(net, *options)
            if name == AUXILIARY_AFTER:
                scopes = "Conv2d_2a_5x5", "Conv2d_2b_1x1"
                auxiliary = auxiliary_head(net, num_classes, *scopes, last=pointwise)
        with tf1.variable_scope("Logits"):
            return mean_logits(net, num_classes, "Conv2d_1c_1x1"), auxiliary
