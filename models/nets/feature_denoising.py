"""The adversarially trained ResNets of feature denoising (arXiv 1812.03411): R152 and X101.

Both are after-activation bottlenecks, all padded SAME. The variables' scopes are those of the
public npz files; models/npz.py gives their leaves slim's names.
"""

from collections.abc import Callable, Sequence
from functools import partial

import tensorflow as tf
import tf_slim as slim

from models.nets.layers import grouped_conv

tf1 = tf.compat.v1

GROUPS = 32
R152 = (3, 8, 36, 3)
X101 = (3, 4, 23, 3)

Layer = Callable[[tf.Tensor], tf.Tensor]


def _block(net: tf.Tensor, width: int, out: int, stride: int, groups: int) -> tf.Tensor:
    """A bottleneck of `width` channels inside and `out` outside; strided in its middle."""
    shortcut = net
    if stride > 1 or net.shape[-1] != out:
        shortcut = slim.conv2d(net, out, 1, stride=stride, activation_fn=None, scope="convshortcut")
    residual = slim.conv2d(net, width, 1, scope="conv1")
    if groups == 1:
        residual = slim.conv2d(residual, width, 3, stride=stride, scope="conv2")
    else:
        residual = grouped_conv(residual, width, 3, groups, stride=stride, scope="conv2")
    residual = slim.conv2d(residual, out, 1, activation_fn=None, scope="conv3")
    return tf.nn.relu(residual + shortcut)


def _as_matrix(net: tf.Tensor) -> tf.Tensor:
    """[N, H, W, C] to [N, H * W, C]."""
    return tf.reshape(net, [-1, net.shape[1] * net.shape[2], net.shape[3]])


def _denoised(net: tf.Tensor, means: tf.Tensor) -> tf.Tensor:
    """Adds the convolved means of all positions: [N, H, W, C] and [N, H * W, C]."""
    means = tf.reshape(means, tf.shape(net))
    return net + slim.conv2d(means, net.shape[-1], 1, activation_fn=None, scope="conv")


def embedded_gaussian(net: tf.Tensor) -> tf.Tensor:
    """R152-Denoise's block: means weighted by a softmax over embedded positions.

    Its weights take (H * W)^2 entries an image: 39 MB in float32 at 56 x 56.
    """
    channels = net.shape[-1]
    embed = {"activation_fn": None, "normalizer_fn": None, "biases_initializer": None}
    theta, phi = (
        _as_matrix(slim.conv2d(net, channels // 2, 1, scope=f"embedding_{name}", **embed))
        for name in ("theta", "phi")
    )
    likeness = tf.matmul(theta, phi, transpose_b=True) / (channels // 2) ** 0.5
    return _denoised(net, tf.matmul(tf.nn.softmax(likeness), _as_matrix(net)))


def dot_product(net: tf.Tensor) -> tf.Tensor:
    """X101-DenoiseAll's block: means weighted by the positions' dot products.

    (L L^T) L and L (L^T L) are one number; the smaller matrix in the middle is the cheaper way.
    """
    matrix = _as_matrix(net)
    _, positions, channels = matrix.shape
    if channels > positions:
        means = tf.matmul(tf.matmul(matrix, matrix, transpose_b=True), matrix)
    else:
        means = tf.matmul(matrix, tf.matmul(matrix, matrix, transpose_a=True))
    return _denoised(net, means / positions)


def feature_denoising(
    images: tf.Tensor,
    num_classes: int,
    scope: str,
    blocks: Sequence[int],
    cardinality: int = 1,
    after_block: Layer | None = None,
    after_group: Layer | None = None,
) -> tuple[tf.Tensor, None]:
    """Builds one of them.

    Args:
      images: float [N, 224, 224, 3] in [-1, 1], channels in the order B, G, R.
      num_classes: columns of its logits.
      scope: what its variables stand under; no part of the public files' names.
      blocks: how many blocks each of the four groups has.
      cardinality: groups of the middle convolutions; with several these are four times as wide.
      after_block: what denoises after every block, under the block's `non_local`, or None.
      after_group: what denoises after every group, under `groupG_denoise`, or None.
    """
    with tf1.variable_scope(scope):
        net = slim.conv2d(images, 64, 7, stride=2, scope="conv0")
        net = slim.max_pool2d(net, 3, stride=2, padding="SAME")
        for group, count in enumerate(blocks):
            out = 256 * 2**group
            width = out // 4 if cardinality == 1 else out
            for block in range(count):
                stride = 2 if group > 0 and block == 0 else 1
                with tf1.variable_scope(f"group{group}/block{block}"):
                    net = _block(net, width, out, stride, cardinality)
                    if after_block:
                        with tf1.variable_scope("non_local"):
                            net = after_block(net)
            if after_group:
                with tf1.variable_scope(f"group{group}_denoise"):
                    net = after_group(net)
        net = tf.reduce_mean(net, [1, 2])
        return slim.fully_connected(net, num_classes, activation_fn=None, scope="linear"), None


# The published forms, as the zoo's table names them.
r152 = partial(feature_denoising, blocks=R152)
r152_denoise = partial(feature_denoising, blocks=R152, after_group=embedded_gaussian)
x101_denoise_all = partial(
    feature_denoising, blocks=X101, cardinality=GROUPS, after_block=dot_product
)
