"""What perturbations cost, from the bytes of the clean and the adversarial PNGs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from data import difference_of, parallel_map, read_hashed, structural_similarity
from utils.errors import DataError
from utils.pipeline.run import CLEAN, Run


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one image, from its bytes.

    Attributes:
      mean_abs, l2, linf: mean of |x_adv - x|, its L2 norm and its largest entry, in [0, 255] units.
      psnr: peak signal-to-noise ratio, 20 log10(255 / RMS) in dB; infinite where x_adv is x.
      ssim: as `structural_similarity` returns; NaN of images too small for it.
    """

    mean_abs: float
    l2: float
    linf: int
    psnr: float
    ssim: float


@dataclass(frozen=True, slots=True)
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


def perturbation_costs(original: np.ndarray, adversarial: Sequence[np.ndarray]) -> list[Cost]:
    """Measures perturbations of one image, exactly where sums are of whole numbers.

    Args:
      original: uint8 [S, S, 3].
      adversarial: uint8 [S, S, 3] each.
    """
    pairs = zip(adversarial, structural_similarity(original, adversarial), strict=True)
    return [_cost(original, pixels, ssim) for pixels, ssim in pairs]


def _cost(original: np.ndarray, adversarial: np.ndarray, ssim: float) -> Cost:
    difference, length = difference_of(adversarial, original)
    rms = length / np.sqrt(difference.size)
    return Cost(
        mean_abs=float(difference.sum(dtype=np.int64) / difference.size),
        l2=length,
        linf=int(difference.max()),
        psnr=float(20 * np.log10(255 / rms)) if length else float("inf"),
        ssim=ssim,
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
    problems: dict[str, str] = {}
    for mode in run.modes:
        try:
            pixels, png_digest = _read(run.folder.png(mode, image_id), original)
        except DataError as error:
            problems[mode] = str(error)
        else:
            seen.pixels[mode], seen.sha256[mode] = pixels, png_digest
    _, *usable = seen.pixels
    measured = perturbation_costs(original, [seen.pixels[mode] for mode in usable])
    costs = dict(zip(usable, measured, strict=True))
    seen.perturbations.extend(
        Perturbation(
            *(mode, image_id, digest, seen.sha256.get(mode, "")),
            cost=costs.get(mode),
            problem=problems.get(mode, ""),
        )
        for mode in run.modes
    )
    return seen


def read_perturbations(run: Run) -> Iterator[Perturbation]:
    """Compares every PNG of every mode with its original, image by image; each is decoded once.

    Raises:
      DataError: an original can't be read.
    """
    for found in parallel_map(lambda index: see(run, index).perturbations, range(len(run.dataset))):
        yield from found


def _read(png: Path, original: np.ndarray) -> tuple[np.ndarray, str]:
    """Reads what is to be compared with an original: its pixels and its file's SHA-256.

    Raises:
      DataError: it can't be read, or has another side.
    """
    pixels, digest = read_hashed(png)
    if pixels.shape != original.shape:
        raise DataError(
            f"{png} has a side of {len(pixels)} pixels, its original one of {len(original)}."
        )
    return pixels, digest


def costs_table(perturbations: Iterable[Perturbation], modes: Sequence[str]) -> pd.DataFrame:
    """Returns mode, image_id and what a Cost holds, mode by mode; an infinite psnr is NaN."""
    names = [field.name for field in fields(Cost)]
    rows = [
        (*each.key, *(getattr(each.cost, name) for name in names))
        for each in perturbations
        if each.cost is not None
    ]
    rows.sort(key=lambda row: modes.index(row[0]))
    table = pd.DataFrame(rows, columns=["mode", "image_id", *names])
    return table.assign(psnr=table["psnr"].replace(np.inf, np.nan))
