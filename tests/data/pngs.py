"""PNG files made chunk by chunk, sound and hostile."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, content: bytes) -> bytes:
    length, checksum = struct.pack(">I", len(content)), zlib.crc32(kind + content)
    return length + kind + content + struct.pack(">I", checksum)


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def pixel_data(height: int, bytes_a_row: int) -> bytes:
    rows = (b"\x00" + bytes(bytes_a_row)) * height
    return chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def png_of(pixels: np.ndarray, mode: str = "RGB", **options) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    if mode == "P":
        image = image.convert("RGB").quantize(256)
    elif mode != image.mode:
        image = image.convert(mode)
    image.save(buffer, format="PNG", **options)
    return buffer.getvalue()
