"""From images in [-1, 1] to what each family of networks was trained on."""

from __future__ import annotations

from collections.abc import Callable

from utils.quiet import tf

# Mean RGB of ImageNet on the 0-255 scale, as VGG's authors (arXiv 1409.1556) subtract it.
MEAN_RGB = (123.68, 116.78, 103.94)
DENSENET_SCALE = 0.017


def as_is(images: tf.Tensor) -> tf.Tensor:
    """Inception's own input: [-1, 1]."""
    return images


def mean_subtracted(images: tf.Tensor) -> tf.Tensor:
    """VGG's input: RGB on the 0-255 scale minus the mean colour."""
    return (images + 1.0) * 127.5 - tf.constant(MEAN_RGB, images.dtype)


def mean_subtracted_scaled(images: tf.Tensor) -> tf.Tensor:
    """The TF-slim DenseNets' input: VGG's times 0.017."""
    return mean_subtracted(images) * DENSENET_SCALE


def reversed_channels(images: tf.Tensor) -> tf.Tensor:
    """Feature denoising's input: [-1, 1] in the order B, G, R."""
    return images[..., ::-1]


# Each maps float32 [N, H, W, 3] in [-1, 1] to the same shape, differentiably.
PREPROCESSING: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "inception": as_is,
    "vgg": mean_subtracted,
    "densenet": mean_subtracted_scaled,
    "bgr": reversed_channels,
}
