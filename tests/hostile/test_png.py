"""Mutated PNGs: an image or a BenchError, and nothing else. HOSTILE_EXAMPLES sets how many."""

import os
import random

import numpy as np
from pngs import png_of

from data import decode_image
from utils.errors import BenchError

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "2000"))


def test_mutated_pngs():
    draws = random.Random(0)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    sound = [png_of(pixels, mode) for mode in ("RGB", "L", "P", "RGBA", "LA", "1")]
    for _ in range(EXAMPLES):
        content = bytearray(draws.choice(sound))
        for _ in range(draws.randint(1, 4)):
            place = draws.randrange(len(content))
            content[place : place + draws.randint(0, 3)] = draws.randbytes(draws.randint(0, 3))
        try:
            image = decode_image(bytes(content), "x.png")
        except BenchError:
            continue
        assert image.dtype == np.uint8 and image.shape[0] == image.shape[1] and image.shape[2] == 3
