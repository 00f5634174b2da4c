"""The image that is attacked, from the zoo's own or from a visitor."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Picture:
    """One image.

    Attributes:
      image_id: as in attack.py's CSV; random draws depend on it.
      pixels: uint8 [S, S, 3].
      label: its true one, in the CSV's convention; None: what the source sees in it.
      file: name of the file that a visitor brought; empty: it is one of the zoo's.
    """

    image_id: str
    pixels: np.ndarray = field(repr=False, compare=False)
    label: int | None = None
    file: str = ""


def pixels_key(pixels: np.ndarray) -> str:
    """Returns the SHA-256 of an image's shape and bytes."""
    return hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).hexdigest()
