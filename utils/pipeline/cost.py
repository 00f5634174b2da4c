"""What perturbations cost, from the bytes of the clean and the adversarial PNGs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from data import difference_of, parallel_map, read_hashed
from utils.errors import DataError
from utils.pipeline.run import CLEAN, Run


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
    difference, length = difference_of(adversarial, original)
    return Cost(
        mean_abs=float(difference.sum(dtype=np.int64) / difference.size),
        l2=length,
        linf=int(difference.max()),
    )


@dataclass(frozen=True)
class Seen:
    """One image in all modes, decoded.

    Attributes:
      pixels: mode (or "clean") -> uint8 [S, S, 3], of those that can be used.
      sha256: mode (or "clean") -> that of the file.
      perturbations: one a mode.
    """

    pixels: dict[str, np.ndarray]
    sha256: dict[str, str]
    perturbations: list[Perturbation]


def see(run: Run, index: int, known: Callable[..., np.ndarray] | None = None) -> Seen:
    """Decodes an original and its PNG of every mode, each once, and compares them.

    Args:
      run: whose.
      index: the image's place in the run.
      known: takes the original's SHA-256 and what decodes it, and returns its pixels; None: decode.

    Raises:
      DataError: the original can't be read.
    """
    image_id = run.dataset.ids[index]
    original, digest = read_hashed(run.dataset.paths[index], known)
    seen = Seen({CLEAN: original}, {CLEAN: digest}, [])
    for mode in run.modes:
        _compare(seen, Perturbation(mode, image_id, digest), run.folder.png(mode, image_id))
    return seen


def read_perturbations(run: Run) -> Iterator[Perturbation]:
    """Compares every PNG of every mode with its original, image by image; each is decoded once.

    Raises:
      DataError: an original can't be read.
    """
    for found in parallel_map(lambda index: see(run, index).perturbations, range(len(run.dataset))):
        yield from found


def _compare(seen: Seen, found: Perturbation, png: Path) -> None:
    original = seen.pixels[CLEAN]
    try:
        adversarial, digest = read_hashed(png)
    except DataError as error:
        seen.perturbations.append(replace(found, problem=str(error)))
        return
    if adversarial.shape != original.shape:
        sides = f"{png} has a side of {len(adversarial)} pixels, its original one of"
        seen.perturbations.append(replace(found, problem=f"{sides} {len(original)}."))
        return
    cost = perturbation_cost(original, adversarial)
    seen.perturbations.append(replace(found, png_sha256=digest, cost=cost))
    seen.pixels[found.mode], seen.sha256[found.mode] = adversarial, digest


def costs_table(perturbations: Iterable[Perturbation], modes: Sequence[str]) -> pd.DataFrame:
    """Returns mode, image_id, mean_abs, l2 and linf, in [0, 255] units, mode by mode."""
    rows = [
        (*each.key, each.cost.mean_abs, each.cost.l2, each.cost.linf)
        for each in perturbations
        if each.cost is not None
    ]
    rows.sort(key=lambda row: modes.index(row[0]))
    return pd.DataFrame(rows, columns=["mode", "image_id", "mean_abs", "l2", "linf"])
