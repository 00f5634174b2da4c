"""A victim behind a chain of defences: what the network is shown, and what its answers mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import batches, from_uint8, parallel_map
from models import Chain, vote
from utils.pipeline.predictions import CONFIDENCE_DECIMALS, TOP, Answer, Judge
from utils.quiet import tf
from utils.success import ABSTAINED


@dataclass(frozen=True)
class Defended:
    """A network behind a chain.

    Attributes:
      judge: the network.
      chain: what comes before it.
      seed: the run's, which the chain's draws depend on.
    """

    judge: Judge
    chain: Chain
    seed: int

    def answers(
        self, pixels: np.ndarray, ids: Sequence[str], sha256: Sequence[str], paths: Sequence[Path]
    ) -> list[Answer]:
        """Classifies one batch.

        Args:
          pixels: uint8 [N, S, S, 3], of which the last may be padding.
          ids: those of the images, without the padding.
          sha256: that of each image's file.
          paths: the same images' files, named in errors.

        Raises:
          RunError: as `Judge.answers`.
        """
        copies = parallel_map(
            lambda i: self.chain(pixels[i], self.seed, ids[i]), range(len(ids)), ahead=len(ids)
        )
        if not self.chain.votes:
            return self._ask(np.concatenate(list(copies)), len(pixels), sha256, paths)
        return [
            self._vote(of_image, len(pixels), digest, path)
            for of_image, digest, path in zip(copies, sha256, paths, strict=True)
        ]

    def classify(
        self, paths: Sequence[Path], ids: Sequence[str], batch_size: int = 16
    ) -> np.ndarray:
        """Returns the label of each PNG, int64 [N], in the CSV's convention or ABSTAINED."""
        found: list[int] = []
        for batch in batches(paths, batch_size, range(0, len(paths), batch_size)):
            part = slice(batch.start, batch.start + batch.count)
            answers = self.answers(batch.pixels, ids[part], batch.sha256, paths[part])
            found += [answer.labels[0] for answer in answers]
        return np.array(found, np.int64)

    def _ask(
        self, images: np.ndarray, size: int, sha256: Sequence[str], paths: Sequence[Path]
    ) -> list[Answer]:
        """Asks about at most `size` images, filled up to that many: one trace serves all."""
        padding = np.repeat(images[-1:], size - len(images), axis=0)
        shown = tf.constant(from_uint8(np.concatenate([images, padding])))
        return self.judge.answers(shown, sha256, paths)

    def _vote(self, copies: np.ndarray, size: int, digest: str, path: Path) -> Answer:
        """The majority of what is said of one image's copies."""
        said: list[int] = []
        for start in range(0, len(copies), size):
            part = copies[start : start + size]
            answers = self._ask(part, size, [digest] * len(part), [path] * len(part))
            said += [answer.labels[0] for answer in answers]
        label, share = vote(np.array(said))
        labels = [each for each, _ in Counter(sorted(said)).most_common(TOP)]
        if label is None:
            labels = [ABSTAINED, *labels][:TOP]
        return Answer(digest, labels, round(share, CONFIDENCE_DECIMALS))
