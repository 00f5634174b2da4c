"""The demo zoo's architectures: small relatives of the public families, for 64 x 64 images.

Each keeps what makes its family's gradients its own (Inception's parallel branches and auxiliary
head, ResNet v2's pre-activation shortcuts, VGG's plain stack, MobileNet's depthwise convolutions,
DenseNet's concatenations) and names its variables as the public slim networks do. All are built in
whichever scope of `layers` is active; all take float32 [N, 64, 64, 3], preprocessed, and return
logits [N, num_classes] and auxiliary logits of the same shape (Inception) or None.
"""

import tensorflow as tf
import tf_slim as slim

from models.nets import layers

tf1 = tf.compat.v1

Outputs = tuple[tf.Tensor, tf.Tensor | None]


def _inception_block(
    net: tf.Tensor,
    widths: tuple[int, int, int, int],
    kernels: tuple[tuple[int, int], ...],
    scope: str,
) -> tf.Tensor:
    """Four branches: 1 x 1; 1 x 1 and `kernels`; 1 x 1 and `kernels` twice; pool and 1 x 1."""

    def chain(net: tf.Tensor, width: int, repeats: int) -> tf.Tensor:
        net = slim.conv2d(net, width // 2, 1, scope="Conv2d_0a_1x1")
        for position, (height, breadth) in enumerate(kernels * repeats):
            name = f"Conv2d_0{'bcde'[position]}_{height}x{breadth}"
            net = slim.conv2d(net, width, [height, breadth], scope=name)
        return net

    with tf1.variable_scope(scope):
        with tf1.variable_scope("Branch_0"):
            branches = [slim.conv2d(net, widths[0], 1, scope="Conv2d_0a_1x1")]
        with tf1.variable_scope("Branch_1"):
            branches.append(chain(net, widths[1], 1))
        with tf1.variable_scope("Branch_2"):
            branches.append(chain(net, widths[2], 2))
        with tf1.variable_scope("Branch_3"):
            pooled = slim.avg_pool2d(net, 3, stride=1, padding="SAME", scope="AvgPool_0a_3x3")
            branches.append(slim.conv2d(pooled, widths[3], 1, scope="Conv2d_0b_1x1"))
        return tf.concat(branches, 3)


def _inception_reduction(net: tf.Tensor, widths: tuple[int, int], scope: str) -> tf.Tensor:
    """Halves the grid: a strided 3 x 3, a 1 x 1 with two 3 x 3, and a max pool."""
    with tf1.variable_scope(scope):
        with tf1.variable_scope("Branch_0"):
            first = slim.conv2d(net, widths[0], 3, stride=2, scope="Conv2d_1a_1x1")
        with tf1.variable_scope("Branch_1"):
            second = slim.conv2d(net, widths[1] // 2, 1, scope="Conv2d_0a_1x1")
            second = slim.conv2d(second, widths[1], 3, scope="Conv2d_0b_3x3")
            second = slim.conv2d(second, widths[1], 3, stride=2, scope="Conv2d_1a_1x1")
        with tf1.variable_scope("Branch_2"):
            third = slim.max_pool2d(net, 3, stride=2, padding="SAME", scope="MaxPool_1a_3x3")
        return tf.concat([first, second, third], 3)


def demo_inception(images: tf.Tensor, num_classes: int) -> Outputs:
    """Inception v3's blocks at three grids (16, 8 and 4), the auxiliary head on the middle one."""
    with tf1.variable_scope("DemoInceptionV3"):
        net = slim.conv2d(images, 16, 3, stride=2, scope="Conv2d_1a_3x3")
        net = slim.conv2d(net, 24, 3, scope="Conv2d_2b_3x3")
        net = slim.max_pool2d(net, 3, stride=2, padding="SAME", scope="MaxPool_3a_3x3")
        net = _inception_block(net, (16, 32, 24, 16), ((3, 3),), "Mixed_5b")
        net = _inception_block(net, (16, 32, 24, 16), ((3, 3),), "Mixed_5c")
        net = _inception_reduction(net, (48, 32), "Mixed_6a")
        net = _inception_block(net, (40, 48, 40, 32), ((1, 5), (5, 1)), "Mixed_6b")
        with tf1.variable_scope("AuxLogits"):
            aux = slim.conv2d(net, 48, 1, scope="Conv2d_1b_1x1")
            aux = slim.conv2d(aux, 64, 3, stride=2, scope="Conv2d_2a_3x3")
            auxiliary = layers.mean_logits(aux, num_classes, "Conv2d_2b_1x1")
        net = _inception_reduction(net, (48, 32), "Mixed_7a")
        net = _inception_block(net, (40, 48, 40, 32), ((3, 3),), "Mixed_7b")
        with tf1.variable_scope("Logits"):
            return layers.mean_logits(net, num_classes, "Conv2d_1c_1x1"), auxiliary


def _residual_unit(net: tf.Tensor, depth: int, stride: int, scope: str) -> tf.Tensor:
    """A basic pre-activation unit: two 3 x 3; nothing follows conv2 and the shortcut."""
    with tf1.variable_scope(scope), tf1.variable_scope("basic_v2"):
        plain = {"normalizer_fn": None, "activation_fn": None}
        preact = layers.batch_norm(net, activation_fn=tf.nn.relu, scope="preact")
        if stride == 1 and net.shape[-1] == depth:
            shortcut = net
        else:
            shortcut = slim.conv2d(preact, depth, 1, stride=stride, scope="shortcut", **plain)
        residual = slim.conv2d(preact, depth, 3, stride=stride, scope="conv1")
        residual = slim.conv2d(residual, depth, 3, scope="conv2", **plain)
        return shortcut + residual


def demo_resnet(images: tf.Tensor, num_classes: int) -> Outputs:
    """ResNet v2: five basic pre-activation units in three blocks, at grids of 16, 8 and 4."""
    with tf1.variable_scope("demo_resnet_v2"):
        net = slim.conv2d(images, 16, 3, stride=2, scope="conv1")
        net = slim.conv2d(net, 24, 3, scope="conv2")
        net = slim.max_pool2d(net, 3, stride=2, padding="SAME", scope="pool1")
        for block, (depth, units) in enumerate(((32, 2), (56, 2), (88, 1)), start=1):
            for unit in range(1, units + 1):
                stride = 2 if unit == 1 and block > 1 else 1
                net = _residual_unit(net, depth, stride, f"block{block}/unit_{unit}")
        net = layers.batch_norm(net, activation_fn=tf.nn.relu, scope="postnorm")
        return layers.mean_logits(net, num_classes, "logits"), None


def demo_vgg(images: tf.Tensor, num_classes: int) -> Outputs:
    """VGG: pairs of 3 x 3 convolutions between max pools; a mean over the grid for fc6 and fc7."""
    with tf1.variable_scope("demo_vgg"):
        net = images
        for stage, width in enumerate((8, 24, 48, 64, 96), start=1):
            for layer in (1, 2):
                net = slim.conv2d(net, width, 3, scope=f"conv{stage}/conv{stage}_{layer}")
            if stage < 5:
                net = slim.max_pool2d(net, 2, stride=2, scope=f"pool{stage}")
        return layers.mean_logits(net, num_classes, "fc8"), None


def demo_mobilenet(images: tf.Tensor, num_classes: int) -> Outputs:
    """MobileNet v1: a strided 3 x 3, then pairs of depthwise 3 x 3 and pointwise 1 x 1, ReLU6."""
    strides_and_widths = (
        (1, 32), (2, 64), (1, 64), (2, 128), (1, 128), (1, 128), (2, 192), (1, 192),
    )  # fmt: skip
    with (
        tf1.variable_scope("DemoMobilenetV1"),
        slim.arg_scope([slim.conv2d, slim.separable_conv2d], activation_fn=tf.nn.relu6),
    ):
        net = slim.conv2d(images, 24, 3, stride=2, scope="Conv2d_0")
        for index, (stride, width) in enumerate(strides_and_widths, start=1):
            net = slim.separable_conv2d(
                net, None, 3, 1, stride=stride, scope=f"Conv2d_{index}_depthwise"
            )
            net = slim.conv2d(net, width, 1, scope=f"Conv2d_{index}_pointwise")
        with tf1.variable_scope("Logits"):
            return layers.mean_logits(net, num_classes, "Conv2d_1c_1x1"), None


def demo_densenet(images: tf.Tensor, num_classes: int) -> Outputs:
    """DenseNet: three dense blocks, at grids of 16, 8 and 4; growth 16."""
    growth = 16
    # Batch norm comes before these convolutions, not after them.
    plain = {"normalizer_fn": None, "activation_fn": None, "biases_initializer": None}
    with tf1.variable_scope("demo_densenet"):
        net = slim.conv2d(images, 24, 5, stride=2, scope="conv1")
        net = slim.max_pool2d(net, 3, stride=2, padding="SAME", scope="pool1")
        for block, units in enumerate((4, 5, 5), start=1):
            for unit in range(1, units + 1):
                with tf1.variable_scope(f"dense_block{block}/conv_block{unit}"):
                    new = layers.batch_norm(net, activation_fn=tf.nn.relu, scope="x1/BatchNorm")
                    new = slim.conv2d(new, 4 * growth, 1, scope="x1/Conv", **plain)
                    new = layers.batch_norm(new, activation_fn=tf.nn.relu, scope="x2/BatchNorm")
                    new = slim.conv2d(new, growth, 3, scope="x2/Conv", **plain)
                    net = tf.concat([net, new], 3)
            with tf1.variable_scope(f"transition_block{block}"):
                net = layers.batch_norm(net, activation_fn=tf.nn.relu, scope="blk/BatchNorm")
                if block < 3:
                    net = slim.conv2d(net, net.shape[-1] // 2, 1, scope="blk/Conv", **plain)
                    net = slim.avg_pool2d(net, 2, stride=2, scope="pool")
        return layers.mean_logits(net, num_classes, "logits"), None
