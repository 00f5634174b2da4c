"""What perturbations cost, from the bytes of the clean and the adversarial PNGs."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from data import decode_image, prefetching_map
from data.images import read_bytes
from utils.errors import DataError
from utils.pipeline.run import Run


@dataclass(frozen=True)
class Cost:
    """Of one image, in [0, 255] units: mean of |x_adv - x|, its L2 norm and its largest entry."""

    mean_abs: float
    l2: float
    linf: int


@dataclass(frozen=True)
class Perturbation:
    """One original beside what a mode made of it.

    Attributes:
      mode, image_id: which.
      original_sha256, png_sha256: of the two files; empty where one can't be read.
      cost: None where the adversarial PNG can't be used.
      problem: why it can't, in a sentence.
    """

    mode: str
    image_id: str
    original_sha256: str
    png_sha256: str = ""
    cost: Cost | None = None
    problem: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Its mode and image."""
        return self.mode, self.image_id


def perturbation_cost(original: np.ndarray, adversarial: np.ndarray) -> Cost:
    """Measures a perturbation exactly: sums of whole numbers.

    Args:
      original: uint8 [S, S, 3].
      adversarial: uint8 [S, S, 3].
    """
    # In the narrowest integers that hold them, several times as fast as in int64.
    difference = np.maximum(adversarial, original) - np.minimum(adversarial, original)
    squares = np.square(difference, dtype=np.uint16)
    return Cost(
        mean_abs=float(difference.sum(dtype=np.int64) / difference.size),
        l2=float(np.sqrt(squares.sum(dtype=np.int64))),
        linf=int(difference.max()),
    )


def read_perturbations(run: Run) -> Iterator[Perturbation]:
    """Compares every PNG of every mode with its original, image by image; each is decoded once.

    Raises:
      DataError: an original can't be read.
    """

    def read(index: int) -> list[Perturbation]:
        path = run.dataset.paths[index]
        content = read_bytes(path)
        original = decode_image(content, path)
        digest, image_id = hashlib.sha256(content).hexdigest(), run.dataset.ids[index]
        found = [Perturbation(mode, image_id, digest) for mode in run.modes]
        return [_compared(each, run.folder.png(*each.key), original) for each in found]

    for found in prefetching_map(read, range(len(run.dataset))):
        yield from found


def _compared(found: Perturbation, png: Path, original: np.ndarray) -> Perturbation:
    try:
        content = read_bytes(png)
        adversarial = decode_image(content, png)
    except DataError as error:
        return replace(found, problem=str(error))
    if adversarial.shape != original.shape:
        sides = f"{png} has a side of {len(adversarial)} pixels, its original one of"
        return replace(found, problem=f"{sides} {len(original)}.")
    cost = perturbation_cost(original, adversarial)
    return replace(found, png_sha256=hashlib.sha256(content).hexdigest(), cost=cost)


def costs_table(perturbations: Iterable[Perturbation], modes: Sequence[str]) -> pd.DataFrame:
    """Returns mode, image_id, mean_abs, l2 and linf, in [0, 255] units, mode by mode."""
    rows = [(*each.key, *astuple(each.cost)) for each in perturbations if each.cost is not None]
    rows.sort(key=lambda row: modes.index(row[0]))
    return pd.DataFrame(rows, columns=["mode", "image_id", "mean_abs", "l2", "linf"])


def measure_costs(run: Run) -> pd.DataFrame:
    """Returns `costs_table` of all of a run's images.

    Raises:
      DataError: an image that can't be used.
    """
    found = list(read_perturbations(run))
    if problems := [each.problem for each in found if each.problem]:
        raise DataError(problems[0])
    return costs_table(found, run.modes)
