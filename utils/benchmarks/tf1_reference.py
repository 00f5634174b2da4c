"""The attack as one wrote it for TensorFlow 1: what this program is measured against.

A graph, a session, tf.while_loop with tf.gradients in its body, batch norm left in place, the
auxiliary head's loss added, and one run per mode that knows nothing of the other.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import tf_slim as slim
from tf_slim.nets import inception_v3 as slim_inception_v3

from models import NETWORKS
from models.form import Form
from models.nets.layers import pool_and_normalise, training_scope
from models.network import Builder
from utils.quiet import tf


def _public_inception_v3(images: tf.Tensor, num_classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    logits, ends = slim_inception_v3.inception_v3(images, num_classes, is_training=False)
    return logits, ends["AuxLogits"]


# Where the zoo computes a network in another order than its public definition, that definition.
_PUBLIC: dict[Builder, Builder] = {Form("inception_v3"): _public_inception_v3}


class PlainAttack:
    """I-FGSM with sign or with FGNM_N on a network in its unfolded form."""

    def __init__(
        self,
        network: str,
        checkpoint: Path,
        batch_size: int,
        num_iter: int,
        fused: bool = True,
    ) -> None:
        """Builds the graph once per mode and restores the weights that both share.

        Args:
          network: a key of NETWORKS with [-1, 1] preprocessing.
          checkpoint: its prefix.
          batch_size: images a call.
          num_iter: iterations.
          fused: batch norm as one op, as slim's own layer had it; else as its arithmetic.
        """
        self._row = NETWORKS[network]
        self._fused = fused
        self._num_iter, self._epsilon = num_iter, 2.0 * 16.0 / 255.0
        with tf.Graph().as_default():
            side = self._row.side
            self._images = tf.compat.v1.placeholder(tf.float32, [batch_size, side, side, 3])
            self._labels = tf.compat.v1.placeholder(tf.int32, [batch_size])
            # Makes the variables: inside a loop they could not be initialised.
            self._heads(self._images)
            self._adversarial = {mode: self._loop(mode) for mode in ("sign", "affine")}
            self._session = tf.compat.v1.Session()
            tf.compat.v1.train.Saver(tf.compat.v1.global_variables()).restore(
                self._session, str(checkpoint)
            )

    def __call__(self, images: np.ndarray, labels: np.ndarray, mode: str) -> np.ndarray:
        """Adversarial images float32 [N, S, S, 3] in [-1, 1], of one mode."""
        feed = {self._images: images, self._labels: labels}
        return self._session.run(self._adversarial[mode], feed)

    def _heads(self, images: tf.Tensor) -> list[tf.Tensor]:
        with (
            warnings.catch_warnings(),
            training_scope(is_training=False),
            slim.arg_scope(
                [slim.conv2d, slim.separable_conv2d, pool_and_normalise],
                normalizer_fn=self._batch_norm,
            ),
            tf.compat.v1.variable_scope(
                tf.compat.v1.get_variable_scope(), reuse=tf.compat.v1.AUTO_REUSE
            ),
        ):
            warnings.filterwarnings("ignore", message=".*layer.apply.*", category=UserWarning)
            builder = _PUBLIC.get(self._row.builder, self._row.builder)
            heads = builder(images, self._row.num_classes)
        return [logits for logits in heads if logits is not None]

    def _batch_norm(self, inputs: tf.Tensor) -> tf.Tensor:
        def variable(name: str, initial: float) -> tf.Variable:
            return tf.compat.v1.get_variable(
                name, inputs.shape[-1:], initializer=tf.compat.v1.constant_initializer(initial)
            )

        with tf.compat.v1.variable_scope("BatchNorm"):
            beta, mean = variable("beta", 0.0), variable("moving_mean", 0.0)
            variance = variable("moving_variance", 1.0)
            gamma = variable("gamma", 1.0) if self._row.batch_norm_gamma else None
        epsilon = self._row.batch_norm_epsilon
        if not self._fused:
            return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        gamma = tf.ones(inputs.shape[-1:]) if gamma is None else gamma
        return tf.compat.v1.nn.fused_batch_norm(
            inputs, gamma, beta, mean, variance, epsilon=epsilon, is_training=False
        )[0]

    def _loop(self, mode: str) -> tf.Tensor:
        start, alpha = self._images, self._epsilon / self._num_iter
        lowest = tf.maximum(start - self._epsilon, -1.0)
        highest = tf.minimum(start + self._epsilon, 1.0)

        def step(number: tf.Tensor, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            losses = [
                tf.compat.v1.losses.sparse_softmax_cross_entropy(
                    self._labels, logits, reduction=tf.compat.v1.losses.Reduction.SUM
                )
                for logits in self._heads(images)
            ]
            gradient = tf.gradients(tf.add_n(losses), images)[0]
            moved = images + alpha * _direction(gradient, mode)
            return number + 1, tf.clip_by_value(moved, lowest, highest)

        return tf.while_loop(
            lambda number, _: number < self._num_iter, step, (tf.constant(0), start)
        )[1]


def _direction(gradient: tf.Tensor, mode: str) -> tf.Tensor:
    signs = tf.sign(gradient)
    if mode == "sign":
        return signs
    return _length(signs) / _length(gradient) * gradient


def _length(tensor: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_sum(tensor * tensor, [1, 2, 3], keepdims=True))
