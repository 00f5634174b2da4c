"""What all networks share: the two ways of building one, folded (to use) and unfolded (to train).

A network is a function of images that calls `slim.conv2d`, `slim.separable_conv2d` and, where
batch norm comes before the activation, `layers.batch_norm`. The scope round it decides the rest:

- `folded_scope()`: after a convolution only the batch norm's shift is left, since the loader
  multiplies its scale into the kernel; one that stands alone becomes x * scale + shift. So the
  variables' names still say where the checkpoint has a batch norm. Nothing here needs
  `slim.batch_norm`, which today's TensorFlow breaks.
- `training_scope(...)`: batch norm with gamma, beta and moving averages under the public names, so
  that what is trained here is saved in the form in which the public checkpoints come.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf
import tf_slim as slim

tf1 = tf.compat.v1

MOVING_AVERAGE_DECAY = 0.97


@slim.add_arg_scope
def batch_norm(
    inputs: tf.Tensor,
    activation_fn: Callable[[tf.Tensor], tf.Tensor] | None = None,
    epsilon: float = 1e-3,
    folded: bool = True,
    is_training: bool = False,
    scope: str = "BatchNorm",
) -> tf.Tensor:
    """Normalises over all axes but the last, in the form that the enclosing scope asks for.

    Args:
      inputs: float [N, ..., C].
      activation_fn: applied to the result, or None.
      epsilon: added to the variance; of no effect when folded (the loader folds it).
      folded: make `scale` and `shift` instead of gamma, beta and moving averages.
      is_training: use the batch's own moments, and register the moving averages' updates under
        `tf.compat.v1.GraphKeys.UPDATE_OPS`.
      scope: the variables' scope.

    Returns:
      A tensor of the shape and dtype of `inputs`.
    """
    channels = [inputs.shape[-1]]
    zeros, ones = tf1.zeros_initializer(), tf1.ones_initializer()

    def variable(name: str, initializer: object, trainable: bool = True) -> tf.Variable:
        return tf1.get_variable(
            name, channels, inputs.dtype, initializer=initializer, trainable=trainable
        )

    with tf1.variable_scope(scope):
        if folded:
            outputs = inputs * variable("scale", ones) + variable("shift", zeros)
            return activation_fn(outputs) if activation_fn else outputs
        gamma, beta = variable("gamma", ones), variable("beta", zeros)
        moving_mean = variable("moving_mean", zeros, trainable=False)
        moving_variance = variable("moving_variance", ones, trainable=False)
    mean, variance = moving_mean, moving_variance
    if is_training:
        mean, variance = tf.nn.moments(inputs, axes=list(range(len(inputs.shape) - 1)))
        for average, value in ((moving_mean, mean), (moving_variance, variance)):
            update = tf1.assign_sub(average, (1.0 - MOVING_AVERAGE_DECAY) * (average - value))
            tf1.add_to_collection(tf1.GraphKeys.UPDATE_OPS, update)
    outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
    return activation_fn(outputs) if activation_fn else outputs


def folded_normalizer(inputs: tf.Tensor) -> tf.Tensor:
    """Adds `BatchNorm/shift`, what is left of a batch norm whose scale is in the kernel."""
    with tf1.variable_scope("BatchNorm"):
        shift = tf1.get_variable(
            "shift", [inputs.shape[-1]], inputs.dtype, initializer=tf1.zeros_initializer()
        )
    return tf.nn.bias_add(inputs, shift)


@slim.add_arg_scope
def pool_and_normalise(
    inputs: tf.Tensor, normalizer_fn: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
    """Average pool 3 x 3 (SAME, stride 1), then the scope's normalizer: a convolution's own."""
    return normalizer_fn(slim.avg_pool2d(inputs, 3, stride=1, padding="SAME"))


@slim.add_arg_scope
def pointwise_convs(
    inputs: tf.Tensor, layers: Sequence[tuple[str, int]], folded: bool = False
) -> list[tf.Tensor]:
    """Several 1 x 1 convolutions of the same inputs, with ReLU.

    In folded bfloat16 they are one convolution of all their kernels: its gradient sums up inside,
    in float32, where separate gradients would be added in bfloat16, which is slow and loses digits.

    Args:
      inputs: float [N, H, W, C].
      layers: each one's scope and width.
      folded: whether the enclosing scope folds batch norm.
    """
    if not folded or inputs.dtype != tf.bfloat16:
        return [slim.conv2d(inputs, width, 1, scope=scope) for scope, width in layers]
    shape, initializer = [1, 1, inputs.shape[-1]], tf1.zeros_initializer()
    kernels, shifts, widths = [], [], [width for _, width in layers]
    for scope, width in layers:
        with tf1.variable_scope(scope):
            make = functools.partial(tf1.get_variable, dtype=inputs.dtype, initializer=initializer)
            kernels.append(make("weights", [*shape, width]))
            shifts.append(make("BatchNorm/shift", [width]))
    outputs = tf.nn.conv2d(inputs, tf.concat(kernels, 3), 1, "SAME")
    return tf.split(tf.nn.relu(tf.nn.bias_add(outputs, tf.concat(shifts, 0))), widths, axis=3)


@slim.add_arg_scope
def grouped_conv(
    inputs: tf.Tensor,
    width: int,
    kernel: int,
    groups: int,
    stride: int,
    scope: str,
    normalizer_fn: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """A convolution in groups, SAME, with the scope's normalizer and ReLU.

    Group j takes the j-th part of the input's channels and gives the j-th part of the output's; the
    kernel, [kernel, kernel, C / groups, width], holds them one after another.
    """
    shape = [kernel, kernel, inputs.shape[-1] // groups, width]
    with tf1.variable_scope(scope):
        weights = tf1.get_variable("weights", shape, inputs.dtype)
        # tf.nn.conv2d takes such a kernel, too, but not where TensorFlow fuses it with the rest,
        # and on processors it has no gradient in float64 or without oneDNN.
        parts = zip(tf.split(inputs, groups, 3), tf.split(weights, groups, 3), strict=True)
        net = tf.concat([tf.nn.conv2d(*part, stride, "SAME") for part in parts], 3)
        return tf.nn.relu(normalizer_fn(net))


def pointwise(net: tf.Tensor, width: int, scope: str) -> tf.Tensor:
    """A fully connected layer kept as a 1 x 1 convolution: [N, 1, 1, C] to [N, width]."""
    net = slim.conv2d(net, width, 1, activation_fn=None, normalizer_fn=None, scope=scope)
    return tf.squeeze(net, [1, 2])


def mean_logits(net: tf.Tensor, num_classes: int, scope: str) -> tf.Tensor:
    """The mean over the grid, then `pointwise`: [N, H, W, C] to [N, num_classes]."""
    return pointwise(tf.reduce_mean(net, [1, 2], keepdims=True), num_classes, scope)


@contextmanager
def folded_scope() -> Iterator[None]:
    """Builds networks without batch norm, for weights that it has been folded into."""
    with (
        slim.arg_scope(
            [slim.conv2d, slim.separable_conv2d],
            normalizer_fn=folded_normalizer,
            activation_fn=tf.nn.relu,
        ),
        slim.arg_scope([pool_and_normalise, grouped_conv], normalizer_fn=folded_normalizer),
        slim.arg_scope([batch_norm, pointwise_convs], folded=True),
    ):
        yield


@contextmanager
def training_scope(is_training: bool, weight_decay: float = 0.0) -> Iterator[None]:
    """Builds networks with batch norm after every convolution that does not switch it off.

    Args:
      is_training: normalise by the batch's moments instead of by the moving averages.
      weight_decay: factor of the L2 loss on every kernel, added to the regularisation losses.
    """
    with (
        slim.arg_scope(
            [slim.conv2d, slim.separable_conv2d],
            normalizer_fn=batch_norm,
            activation_fn=tf.nn.relu,
            weights_initializer=tf1.variance_scaling_initializer(2.0),
            weights_regularizer=slim.l2_regularizer(weight_decay) if weight_decay else None,
        ),
        slim.arg_scope([pool_and_normalise, grouped_conv], normalizer_fn=batch_norm),
        slim.arg_scope([batch_norm], folded=False, is_training=is_training),
    ):
        yield
