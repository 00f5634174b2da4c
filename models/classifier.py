"""Classifier: what an attack and a judge see of a network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

Forward = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor | None]]


@dataclass(frozen=True)
class Classifier:
    """A network ready to use: it resizes and preprocesses for itself.

    Attributes:
      name: what users call it.
      side: pixels of its own input.
      largest_side: images from `side` to this many pixels are not resized.
      num_classes: columns of its logits.
      label_offset: column + label_offset = label as in the CSV.
      has_auxiliary: whether it has an auxiliary head.
      forward: float32 [N, S, S, 3] in [-1, 1], side <= S <= largest_side, to logits and auxiliary
        logits (or None).
      checkpoint: the prefix or file that it was loaded from; None where there is none.
    """

    name: str
    side: int
    largest_side: int
    num_classes: int
    label_offset: int
    has_auxiliary: bool
    forward: Forward
    checkpoint: Path | None = None

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
