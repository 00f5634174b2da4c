"""DenseNet (arXiv 1608.06993), under the names of its TF-slim port."""

import tensorflow as tf
import tf_slim as slim

from models.nets.layers import batch_norm, mean_logits

tf1 = tf.compat.v1

EPSILON = 1.1e-5
# Depth -> growth, width of the first convolution, layers of the four dense blocks.
FORMS = {121: (32, 64, (6, 12, 24, 16)), 161: (48, 96, (6, 12, 36, 24))}


def _norm(net: tf.Tensor) -> tf.Tensor:
    return batch_norm(net, activation_fn=tf.nn.relu, epsilon=EPSILON)


def _norm_conv(net: tf.Tensor, width: int, kernel: int, scope: str) -> tf.Tensor:
    """Batch norm, ReLU, convolution."""
    with tf1.variable_scope(scope):
        return slim.conv2d(_norm(net), width, kernel, scope="Conv")


def densenet(images: tf.Tensor, num_classes: int, depth: int) -> tuple[tf.Tensor, None]:
    """Builds it under the scope `densenetDEPTH`; the depth is a key of FORMS."""
    growth, width, blocks = FORMS[depth]
    bare = slim.arg_scope(
        [slim.conv2d], activation_fn=None, normalizer_fn=None, biases_initializer=None
    )
    with tf1.variable_scope(f"densenet{depth}"):
        with bare:
            net = slim.conv2d(images, width, 7, stride=2, scope="conv1")
            net = slim.max_pool2d(_norm(net), 3, stride=2, padding="SAME")
            for block, layers in enumerate(blocks, start=1):
                for layer in range(1, layers + 1):
                    with tf1.variable_scope(f"dense_block{block}/conv_block{layer}"):
                        new = _norm_conv(net, 4 * growth, 1, "x1")
                        new = _norm_conv(new, growth, 3, "x2")
                    net = tf.concat([net, new], axis=3)
                if block < len(blocks):
                    with tf1.variable_scope(f"transition_block{block}"):
                        net = _norm_conv(net, net.shape[-1] // 2, 1, "blk")
                    net = slim.avg_pool2d(net, 2, stride=2, padding="VALID")
            with tf1.variable_scope("final_block"):
                net = _norm(net)
        return mean_logits(net, num_classes, "logits"), None
