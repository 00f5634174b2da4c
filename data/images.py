"""One PNG in, one PNG out."""

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from data.errors import DataError
from data.files import write_atomically

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 26  # signature, length and type of the first chunk, width, height, depth, colour
MAX_SIDE = 2048
# zlib's level 1: about as small as the default for perturbed photos, and several times as fast.
_COMPRESSION = 1


def png_side(path: Path) -> int:
    """Reads a PNG's side from its header, without decoding it.

    Raises:
      DataError: unreadable, not a PNG, not square, too large, or 16 bits a channel.
    """
    try:
        with open(path, "rb") as file:
            return _side(file.read(_HEADER_BYTES), path)
    except OSError as error:
        raise DataError(f"Image {path} can't be read: {error.strerror}.") from error


def decode_image(content: bytes, path: Path) -> np.ndarray:
    """Decodes a PNG; grey, palette and RGBA images are converted to RGB (alpha is dropped).

    Args:
      content: the file's bytes.
      path: named in errors.

    Returns:
      uint8 [S, S, 3].

    Raises:
      DataError: as `png_side`, or the data is broken or cut short.
    """
    _side(content[:_HEADER_BYTES], path)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            return np.asarray(image.convert("RGB"))
    # Pillow reports broken PNG data by any of these.
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(
            f"Image {path} is broken or cut short ({error}): replace it, or take its row out of "
            "the CSV."
        ) from error


def read_image(path: Path) -> np.ndarray:
    """Reads one PNG as `decode_image` does: uint8 [S, S, 3]."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"Image {path} can't be read: {error.strerror}.") from error
    return decode_image(content, path)


def write_image(path: Path, pixels: np.ndarray) -> bytes:
    """Writes uint8 [S, S, 3] as a PNG, whole or not at all, and returns the file's bytes.

    Raises:
      DataError: it can't be written.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=_COMPRESSION)
    write_atomically(path, buffer.getvalue())
    return buffer.getvalue()


def _side(header: bytes, path: Path) -> int:
    if len(header) < _HEADER_BYTES or header[:8] != _SIGNATURE or header[12:16] != b"IHDR":
        raise DataError(f"Image {path} is not a PNG file, whatever its name: convert it to PNG.")
    width, height, depth = struct.unpack(">IIB", header[16:25])
    if depth == 16:
        raise DataError(f"Image {path} has 16 bits a channel: convert it to 8 bits.")
    if width > MAX_SIDE or height > MAX_SIDE or 0 in (width, height):
        raise DataError(
            f"Image {path} says that it is {width} x {height} pixels; sides from 1 to {MAX_SIDE} "
            "can be used: resize it."
        )
    if width != height:
        raise DataError(f"Image {path} is {width} x {height} pixels: crop it to a square.")
    return width
