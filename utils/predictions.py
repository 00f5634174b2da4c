"""What a victim says about PNGs: one record an image."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from data import batches, from_uint8
from models import Classifier

CONFIDENCE_DECIMALS = 4


def predict(
    victim: Classifier, paths: Sequence[Path], batch_size: int, starts: Sequence[int]
) -> Iterator[tuple[int, list[dict]]]:
    """Classifies PNGs from their bytes.

    Args:
      victim: the network.
      paths: the PNGs.
      batch_size: images a batch.
      starts: the batches to do, by their first image's index.

    Yields:
      (start, records); a record holds png_sha256, label (in the CSV's convention) and confidence
      (the softmax probability of that label, rounded).
    """
    forward = _forward(victim)
    for batch in batches(paths, batch_size, starts):
        columns, confidences = forward(tf.constant(from_uint8(batch.pixels)))
        labels = columns.numpy() + victim.label_offset
        yield (
            batch.start,
            [
                {
                    "png_sha256": batch.sha256[i],
                    "label": int(labels[i]),
                    "confidence": round(float(confidences[i]), CONFIDENCE_DECIMALS),
                }
                for i in range(batch.count)
            ],
        )


def _forward(victim: Classifier) -> tf.types.experimental.PolymorphicFunction:
    @tf.function(reduce_retracing=True)
    def forward(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        probabilities = tf.nn.softmax(tf.cast(victim(images), tf.float32))
        columns = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        return columns, tf.reduce_max(probabilities, axis=-1)

    return forward


def count_wrong(victim: Classifier, paths: Sequence[Path], true_labels: np.ndarray) -> int:
    """Returns how many PNGs the victim does not give their true label."""
    batch_size = 16
    starts = range(0, len(paths), batch_size)
    records = [r for _, part in predict(victim, paths, batch_size, starts) for r in part]
    return sum(r["label"] != label for r, label in zip(records, true_labels, strict=True))
