"""Inception v4 (arXiv 1602.07261), with its auxiliary head."""

import tensorflow as tf

from models.nets.branches import (
    auxiliary_head,
    branch,
    chain,
    concat,
    conv,
    dense,
    factored_block,
    factored_reduction,
    grid_reduction,
    heads,
    max_pool,
    narrow_pool_branch,
    pool_branch,
)

tf1 = tf.compat.v1


def _stem(net: tf.Tensor) -> tf.Tensor:
    net = conv(net, ("Conv2d_1a_3x3", 32), reduce=True)
    net = conv(net, ("Conv2d_2a_3x3", 32), padding="VALID")
    net = conv(net, ("Conv2d_2b_3x3", 64))
    with tf1.variable_scope("Mixed_3a"):
        net = concat(max_pool(net), branch(net, 1, ("Conv2d_0a_3x3", 96), last="reduce"))
    with tf1.variable_scope("Mixed_4a"):
        net = concat(
            branch(net, 0, ("Conv2d_0a_1x1", 64), ("Conv2d_1a_3x3", 96), last="valid"),
            branch(
                net,
                1,
                ("Conv2d_0a_1x1", 64),
                ("Conv2d_0b_1x7", 64),
                ("Conv2d_0c_7x1", 64),
                ("Conv2d_1a_3x3", 96),
                last="valid",
            ),
        )
    with tf1.variable_scope("Mixed_5a"):
        return concat(branch(net, 0, ("Conv2d_1a_3x3", 192), last="reduce"), max_pool(net))


def _block_a(net: tf.Tensor) -> tf.Tensor:
    own = "Conv2d_0a_1x1"
    left, middle, right = heads(net, (0, (own, 96)), (1, (own, 64)), (2, (own, 64)))
    return concat(
        left,
        branch(middle, 1, ("Conv2d_0b_3x3", 96)),
        branch(right, 2, ("Conv2d_0b_3x3", 96), ("Conv2d_0c_3x3", 96)),
        pool_branch(net, 3, ("Conv2d_0b_1x1", 96)),
    )


def _reduction_a(net: tf.Tensor) -> tf.Tensor:
    return grid_reduction(net, 384, (192, 224, 256))


def _block_b(net: tf.Tensor) -> tf.Tensor:
    return factored_block(net, 384, (192, 224, 256), (192, 192, 224, 224, 256), 128)


def _reduction_b(net: tf.Tensor) -> tf.Tensor:
    return factored_reduction(net, (192, 192), (256, 256, 320, 320))


def _block_c(net: tf.Tensor) -> tf.Tensor:
    own = "Conv2d_0a_1x1"
    left, middle, right = heads(net, (0, (own, 256)), (1, (own, 384)), (2, (own, 384)))
    with tf1.variable_scope("Branch_1"):
        middle = concat(conv(middle, ("Conv2d_0b_1x3", 256)), conv(middle, ("Conv2d_0c_3x1", 256)))
    with tf1.variable_scope("Branch_2"):
        right = chain(right, (("Conv2d_0b_3x1", 448), ("Conv2d_0c_1x3", 512)))
        right = concat(conv(right, ("Conv2d_0d_1x3", 256)), conv(right, ("Conv2d_0e_3x1", 256)))
    return concat(
        left,
        middle,
        right,
        narrow_pool_branch(net, 3, ("Conv2d_0b_1x1", 256)),
    )


# The blocks after the stem: letters of their scopes `Mixed_...`, and what each is.
BLOCKS = (
    (("5b", "5c", "5d", "5e"), _block_a),
    (("6a",), _reduction_a),
    (("6b", "6c", "6d", "6e", "6f", "6g", "6h"), _block_b),
    (("7a",), _reduction_b),
    (("7b", "7c", "7d"), _block_c),
)
AUXILIARY_AFTER = "6h"


def inception_v4(images: tf.Tensor, num_classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Builds it under the scope `InceptionV4`, for a side of 299."""
    with tf1.variable_scope("InceptionV4"):
        net = _stem(images)
        for names, block in BLOCKS:
            for name in names:
                with tf1.variable_scope(f"Mixed_{name}"):
                    net = block(net)
                if name == AUXILIARY_AFTER:
                    auxiliary = auxiliary_head(net, num_classes, "Conv2d_2a", "Aux_logits")
        with tf1.variable_scope("Logits"):
            return dense(tf.reduce_mean(net, [1, 2]), num_classes, "Logits"), auxiliary
