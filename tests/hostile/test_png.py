"""Mutated PNGs: an image or a BenchError, and nothing else. HOSTILE_EXAMPLES sets how many."""

import os
import random
import struct
import warnings
import zlib

import numpy as np
import pytest
from pngs import SIGNATURE, chunk, png_of

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


def chunks_of(content):
    """The chunks of a PNG: (kind, content)."""
    place, found = len(SIGNATURE), []
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        found.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def _rearrange(draws, chunks):
    """Drops, doubles, moves, splits or adds a chunk, or cuts the pixels; checksums stay right."""
    how, place = draws.randrange(6), draws.randrange(len(chunks))
    kind, content = chunks[place]
    anywhere = draws.randrange(len(chunks) + 1)
    if how == 0:
        del chunks[place]
    elif how == 1:
        chunks.insert(anywhere, (kind, content))
    elif how == 2:
        del chunks[place]
        chunks.insert(min(anywhere, len(chunks)), (kind, content))
    elif how == 3 and len(content) > 1:
        cut = draws.randrange(1, len(content))
        chunks[place : place + 1] = [(kind, content[:cut]), (kind, content[cut:])]
    elif how == 4:
        header = bytearray(chunks[0][1])
        if header:
            header[draws.randrange(len(header))] = draws.choice([0, 1, 12, 255])
        kinds = [b"IHDR", b"tRNS", b"gAMA", b"acTL", b"fdAT", b"zTXt", b"iCCP", b"eXIf", b"abcd"]
        added = draws.choice(kinds)
        chunks.insert(anywhere, (added, bytes(header) if added == b"IHDR" else draws.randbytes(9)))
    elif kind == b"IDAT" and content.startswith(b"x"):
        rows = zlib.decompressobj().decompress(content)
        chunks[place] = kind, zlib.compress(rows[: draws.randrange(len(rows) + 1)])


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1"])
def test_rearranged_pngs_are_read_whole_or_not_at_all(mode):
    draws = random.Random(mode)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    sound, read = png_of(pixels, mode), 0
    expected = decode_image(sound, "x.png")
    for number in range(EXAMPLES // 6):
        chunks = chunks_of(sound)
        for _ in range(draws.randint(1, 3)):
            if chunks:
                _rearrange(draws, chunks)
        content = SIGNATURE + b"".join(chunk(*each) for each in chunks)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image = decode_image(content, "x.png")
        except BenchError:
            continue
        read += 1
        assert np.array_equal(image, expected), (number, [kind for kind, _ in chunks])
    assert read > EXAMPLES // 60
