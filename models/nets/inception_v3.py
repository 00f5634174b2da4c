"""Inception v3 (arXiv 1512.00567) as tf_slim defines it, with its auxiliary head."""

import tensorflow as tf
from tf_slim.nets import inception_v3 as slim_inception_v3


def inception_v3(images: tf.Tensor, num_classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Builds the network under the scope `InceptionV3`.

    Args:
      images: float [N, S, S, 3] in [-1, 1], S from 299 to 330 (an 8 x 8 grid at the end).
      num_classes: with the background class, where the checkpoint has one.

    Returns:
      Logits and auxiliary logits, each [N, num_classes].
    """
    logits, end_points = slim_inception_v3.inception_v3(images, num_classes, is_training=False)
    return logits, end_points["AuxLogits"]
