"""Classifier: what an attack and a judge see of a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from utils.errors import ModelError
from utils.quiet import tf

# Number of classes -> column + offset = label: with the background class first, and without it.
OFFSETS = {1001: 0, 1000: 1, 11: 0, 10: 1}

Forward: TypeAlias = "Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor | None]]"


@dataclass(frozen=True)
class Classifier:
    """A network ready to use: it resizes and preprocesses for itself.

    Attributes:
      name: what users call it.
      side: pixels of its own input.
      largest_side: images from `side` to this many pixels are not resized.
      num_classes: columns of its logits.
      label_offset: column + label_offset = label as in the CSV.
      forward: float32 [N, S, S, 3] in [-1, 1], side <= S <= largest_side, to logits and auxiliary
        logits (or None).
    """

    name: str
    side: int
    largest_side: int
    num_classes: int
    label_offset: int
    forward: Forward

    def logits_and_aux(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Logits float32 [N, C] and auxiliary logits float32 [N, C], or None without such a head.

        Args:
          images: float32 [N, S, S, 3] in [-1, 1], any S; resized bilinearly with half-pixel centres
            and without antialiasing where S does not suit the network.
        """
        return self.forward(self._resized(images))

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Logits float32 [N, C] of float32 images [N, S, S, 3] in [-1, 1]."""
        return self.logits_and_aux(images)[0]

    def _resized(self, images: tf.Tensor) -> tf.Tensor:
        images = tf.convert_to_tensor(images, tf.float32)
        height, width = images.shape[1:3]
        if height is None or width is None:
            raise ValueError(f"{self.name} needs images of a known side, not {images.shape}")
        if height == width and self.side <= height <= self.largest_side:
            return images
        return tf.image.resize(images, [self.side, self.side])


def label_offset(name: str, num_classes: int) -> int:
    """The label offset of a network that is known by its number of classes alone.

    Raises:
      ModelError: neither ImageNet's nor the demo zoo's number.
    """
    if num_classes not in OFFSETS:
        raise ModelError(
            f"{name} has {num_classes} classes; ImageNet has 1000 or, with the background, 1001 "
            "(the demo zoo 10 or 11)"
        )
    return OFFSETS[num_classes]
