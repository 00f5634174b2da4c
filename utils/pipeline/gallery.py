"""What victims are shown: every image decoded once, for all victims and for the costs.

Memory is bounded by two numbers. Victims are in memory together as long as their checkpoints are
within WEIGHTS (one at least), and are shown the images side by side. Where that takes several
rounds, decoded images are kept for the next one if all of a run's stay within PIXELS, and are
decoded again if not. Beside that there are two batches or so, in all modes, on their way from the
threads that decode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data import parallel_map, stacked
from utils.errors import DataError
from utils.pipeline.cost import Perturbation, Seen, see
from utils.pipeline.run import Run

PIXELS = 1 << 30
WEIGHTS = 1 << 29


@dataclass(frozen=True)
class Shown:
    """Some consecutive images, in every mode.

    Attributes:
      start: the first one's place in the run.
      pixels: mode (or "clean") -> uint8 [batch_size, S, S, 3], the last image repeated to fill it.
      sha256: mode (or "clean") -> that of each image's file, in hexadecimal.
    """

    start: int
    pixels: Mapping[str, np.ndarray]
    sha256: Mapping[str, tuple[str, ...]]


class Gallery:
    """A run's originals and PNGs.

    Args:
      run: whose images.
      known: takes an original's SHA-256 and what decodes it, and returns its pixels.
    """

    def __init__(self, run: Run, known: Callable[..., np.ndarray] | None = None) -> None:
        self._run, self._known = run, known
        self._kept: dict[int, Seen] = {}
        self._costs: dict[int, list[Perturbation]] = {}

    def fits(self) -> bool:
        """Whether all of its images, decoded, stay in PIXELS."""
        bytes_each = 3 * self._run.dataset.side**2
        return len(self._run.dataset) * (1 + len(self._run.modes)) * bytes_each <= PIXELS

    def batches(self, starts: Sequence[int], size: int, keep: bool = False) -> Iterator[Shown]:
        """Decodes images in as many threads as there are processors.

        Args:
          starts: the batches' first images.
          size: images a batch.
          keep: hold what is decoded for the next time.

        Raises:
          DataError: one can't be used.
        """
        count = len(self._run.dataset)
        places = [range(start, min(start + size, count)) for start in starts]
        wanted = [index for place in places for index in place]
        found = parallel_map(self._see, wanted, ahead=size)
        for place in places:
            batch = []
            for index in place:
                seen = next(found)
                self._note(index, seen)
                if keep:
                    self._kept[index] = seen
                batch.append(seen)
            pixels = {
                mode: stacked([each.pixels[mode] for each in batch], size)
                for mode in batch[0].pixels
            }
            sha256 = {mode: tuple(each.sha256[mode] for each in batch) for mode in pixels}
            yield Shown(place.start, pixels, sha256)

    def perturbations(self) -> list[Perturbation]:
        """Compares every PNG with its original; reads those that no victim was shown.

        Raises:
          DataError: one can't be used.
        """
        places = range(len(self._run.dataset))
        missing = [index for index in places if index not in self._costs]
        for index, seen in zip(missing, parallel_map(self._see, missing), strict=True):
            self._note(index, seen)
        return [each for index in places for each in self._costs[index]]

    def _see(self, index: int) -> Seen:
        return self._kept.get(index) or see(self._run, index, self._known)

    def _note(self, index: int, seen: Seen) -> None:
        for each in seen.perturbations:
            if each.problem:
                raise DataError(each.problem)
        self._costs[index] = seen.perturbations
