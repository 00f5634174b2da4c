"""What a victim says about PNGs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data import Batch, batches, from_uint8, prefetching_map
from models import Classifier
from utils.errors import RunError
from utils.pipeline.portions import Portions
from utils.quiet import tf

CONFIDENCE_DECIMALS = 4
# The most labels that an answer has; a table of answers has a column for each.
TOP = 5


@dataclass(frozen=True)
class Answer:
    """What a victim said about one PNG.

    Attributes:
      png_sha256: of the PNG's bytes.
      labels: the five likeliest, in the CSV's convention.
      confidence: softmax probability of the first, rounded.
    """

    png_sha256: str
    labels: list[int]
    confidence: float


@dataclass(frozen=True)
class Judge:
    """A victim ready to classify: traced once, whatever it is shown.

    Attributes:
      name: the victim's.
      forward: float32 [N, S, S, 3] in [-1, 1] -> (labels int32 [N, 5] in the CSV's convention, the
        likeliest first; softmax probability float32 [N] of the first; bool [N], whether all of an
        image's logits are finite).
      probabilities: the same images -> softmax probabilities float32 [N, C].
      portions: batch size -> how much of such a batch the memory takes at once.
    """

    name: str
    forward: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]
    probabilities: Callable[[tf.Tensor], tf.Tensor]
    portions: dict[int, Portions] = field(default_factory=dict)

    @classmethod
    def of(cls, victim: Classifier) -> Judge:
        """Makes one of a classifier."""

        @tf.function(autograph=False)
        def forward(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            logits = tf.cast(victim(images), tf.float32)
            probabilities = tf.nn.softmax(logits)
            best = tf.math.top_k(probabilities, min(TOP, probabilities.shape[-1]))
            finite = tf.reduce_all(tf.math.is_finite(logits), axis=-1)
            return best.indices + victim.label_offset, best.values[:, 0], finite

        @tf.function(autograph=False)
        def probabilities(images: tf.Tensor) -> tf.Tensor:
            return tf.nn.softmax(tf.cast(victim(images), tf.float32))

        return cls(victim.name, forward, probabilities)

    def predict(
        self, paths: Sequence[Path], batch_size: int, starts: Sequence[int]
    ) -> Iterator[tuple[int, list[Answer]]]:
        """Classifies PNGs from their bytes.

        Args:
          paths: the PNGs.
          batch_size: images a batch.
          starts: the batches to do, by their first image's index.

        Yields:
          (start, answers), a batch at a time.

        Raises:
          DataError: a PNG that is missing or broken.
          RunError: logits that are not finite; the sentence names the victim and the image.
        """
        # Converted here, so that the victim need wait neither for that nor for what is done with
        # its answers.
        shown = (
            (batch, tf.constant(from_uint8(batch.pixels)))
            for batch in batches(paths, batch_size, starts)
        )

        def answer(shown: tuple[Batch, tf.Tensor]) -> tuple[int, list[Answer]]:
            batch, images = shown
            of_batch = paths[batch.start : batch.start + batch.count]
            return batch.start, self.answers(images, batch.sha256, of_batch)

        yield from prefetching_map(answer, shown)

    def answers(
        self, images: tf.Tensor, sha256: Sequence[str], paths: Sequence[Path]
    ) -> list[Answer]:
        """Classifies one batch.

        Args:
          images: float32 [N, S, S, 3] in [-1, 1], of which the last may be padding.
          sha256: that of each image's file but the padding's.
          paths: the same images' files, named in errors.

        Raises:
          RunError: as `predict`.
        """
        portions = self.portions.setdefault(len(images), Portions(len(images)))
        seen = portions.map(lambda each: [part.numpy() for part in self.forward(each)], images)
        portions.tell()
        labels, confidences, finite = map(np.concatenate, zip(*seen, strict=True))
        if not finite.all():
            # The padding repeats the last image.
            broken = paths[min(int(np.argmin(finite)), len(paths) - 1)]
            raise RunError(
                f"The logits of {self.name} for {broken} are not finite: no label can be told from "
                "them. Check its checkpoint, or leave it out of --victims."
            )
        return [
            Answer(digest, likeliest.tolist(), round(float(confidence), CONFIDENCE_DECIMALS))
            # The padding has no digest.
            for digest, likeliest, confidence in zip(sha256, labels, confidences, strict=False)
        ]

    def classify(self, paths: Sequence[Path], batch_size: int = 16) -> np.ndarray:
        """Returns the likeliest label of each PNG, int64 [N], in the CSV's convention."""
        starts = range(0, len(paths), batch_size)
        found = [a for _, answers in self.predict(paths, batch_size, starts) for a in answers]
        return np.array([answer.labels[0] for answer in found], np.int64)
