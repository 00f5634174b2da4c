"""VGG-16 and VGG-19 (arXiv 1409.1556) as tf_slim defines them."""

import tensorflow as tf
import tf_slim as slim
from tf_slim.nets import vgg as slim_vgg

_BUILDERS = {16: slim_vgg.vgg_16, 19: slim_vgg.vgg_19}


def vgg(images: tf.Tensor, num_classes: int, depth: int) -> tuple[tf.Tensor, None]:
    """Builds it under the scope `vgg_DEPTH`, of depth 16 or 19, for a side of 224."""
    # VGG has no batch norm: biases alone.
    with slim.arg_scope([slim.conv2d], normalizer_fn=None):
        return _BUILDERS[depth](images, num_classes, is_training=False)[0], None
