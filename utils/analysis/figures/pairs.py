"""Perturbations read from the PNGs of a run."""

import numpy as np
from PIL import Image

from utils.analysis.runs import Run
from utils.errors import ResultsError


def read_pair(run: Run, mode: str, image_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the clean and the adversarial image: uint8 [S, S, 3] each.

    Raises:
      ResultsError: one of them can't be read.
    """
    return _read(run.clean_png(image_id)), _read(run.png(mode, image_id))


def _read(path: str) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise ResultsError(
            f"{path} can't be read ({error}): the figures strip and spectrum need the run's PNGs "
            "and the clean images where they were; leave these figures out with --figures."
        ) from error
