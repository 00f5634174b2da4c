"""One PNG in, one PNG out."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from utils.errors import DataError
from utils.files import open_regular, read_regular, write_atomically

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 26  # signature, length and type of the first chunk, width, height, depth, colour
MAX_SIDE = 2048
# Four raw channels of the largest side and as much again for what else a PNG may hold.
_MAX_BYTES = 2 * 4 * MAX_SIDE**2
# What write_image writes: 8-bit RGB, each row as differences to the pixel on the left (PNG's filter
# Sub), compressed by zlib without a search for repetitions but runs. Perturbed photos hold none;
# Pillow's choice among five filters for every row takes several times as long for larger files.
_SUB = 1
# How many bytes may follow the pixels in their stream.
_SPARE = 1 << 16
_DEPTH, _RGB = 8, 2
_KINDS = [b"IHDR", b"IDAT", b"IEND"]
# Colour type -> channels; first column and row, and the steps, of each pass of an interlaced PNG.
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)),
    (0, 1, 1, 2),
)


def png_side(path: Path) -> int:
    """Reads a PNG's side from its header, without decoding it.

    Raises:
      DataError: unreadable, not a PNG, not square, too large, or 16 bits a channel.
    """
    try:
        with open_regular(path) as file:
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
    side = _side(content[:_HEADER_BYTES], path)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            # A second header further on would be the one that Pillow makes room for.
            if image.size != (side, side):
                raise ValueError("two headers that contradict each other")
            colours, rows = _check_whole(content, side)
            if rows is not None:
                return _without_filter(rows, side)
            # Pillow would show a colour that the palette lacks as black.
            if image.mode == "P" and np.asarray(image).max() >= colours:
                raise ValueError("a palette without all of its colours")
            return np.asarray(image.convert("RGB"))
    # Pillow reports broken PNG data by any of these.
    except (
        *(OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error),
        Image.DecompressionBombError,
    ) as error:
        raise DataError(
            f"Image {path} is broken or cut short ({error}): replace it, or take its row out of "
            "the CSV."
        ) from error


def _check_whole(content: bytes, side: int) -> tuple[int, np.ndarray | None]:
    """Makes sure that all rows are there, since Pillow shows missing ones as black.

    Returns:
      The number of colours in its palette; and the rows, uint8 [S, 1 + 3 S], where they are as
      write_image leaves them, so that Pillow need not inflate them a second time.

    Raises:
      ValueError, struct.error, zlib.error: something is missing.
    """
    depth, colour, interlaced = content[24], content[25], content[28]
    data, colours, place, kind = [], 0, len(_SIGNATURE), b""
    kinds = []
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, place)
        if kind == b"IDAT":
            data.append(content[place + 8 : place + 8 + length])
        elif kind == b"PLTE" and not data:
            # One behind pixels comes too late: Pillow would show them as black.
            colours = length // 3
        kinds.append(kind)
        place += 12 + length
    if colour not in _CHANNELS or kinds.count(b"IHDR") > 1:
        raise ValueError("a header that contradicts itself or another")
    bits = depth * _CHANNELS[colour]
    wanted = 0
    for column, row, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        width, height = -(-(side - column) // across), -(-(side - row) // down)
        if width > 0 and height > 0:
            wanted += height * (1 + (width * bits + 7) // 8)
    inflater = zlib.decompressobj()
    # More than wanted, so that the checksum at the stream's end is reached: until then the pixels
    # may be any.
    inflated = inflater.decompress(b"".join(data), wanted + _SPARE)
    held = len(inflated)
    if held < wanted or not inflater.eof:
        raise ValueError(f"{held} of {wanted} bytes of pixels")
    # Whatever is not plainly so is left to Pillow.
    if (depth, colour, interlaced, held) != (_DEPTH, _RGB, 0, wanted) or kinds != _KINDS:
        return colours, None
    rows = np.frombuffer(inflated, np.uint8).reshape(side, -1)
    return colours, rows if (rows[:, 0] == _SUB).all() else None


def _without_filter(rows: np.ndarray, side: int) -> np.ndarray:
    """Adds up the differences of rows that are filtered with Sub: uint8 [S, S, 3]."""
    return np.cumsum(rows[:, 1:].reshape(side, side, 3), axis=1, dtype=np.uint8)


def read_bytes(path: Path) -> bytes:
    """Returns an image file's bytes.

    Raises:
      DataError: it can't be read, or is larger than any image of MAX_SIDE.
    """
    content = read_regular(path, _MAX_BYTES)
    if content is None:
        raise DataError(
            f"Image {path} is a file of more than {_MAX_BYTES >> 20} MB: store it as a plain PNG."
        )
    return content


def read_image(path: Path) -> np.ndarray:
    """Reads one PNG as `decode_image` does: uint8 [S, S, 3]."""
    return decode_image(read_bytes(path), path)


def write_image(path: Path, pixels: np.ndarray) -> bytes:
    """Writes uint8 [S, S, 3] as a PNG, whole or not at all, and returns the file's bytes.

    Raises:
      DataError: it can't be written.
    """
    content = encode_image(pixels)
    write_atomically(path, content)
    return content


def encode_image(pixels: np.ndarray) -> bytes:
    """Returns uint8 [S, S, 3] as the bytes of a PNG; the same pixels give the same bytes."""
    side = len(pixels)
    rows = np.empty((side, 1 + 3 * side), np.uint8)
    rows[:, 0] = _SUB
    rows[:, 1:4] = pixels[:, 0]
    flat = pixels.reshape(side, -1)
    np.subtract(flat[:, 3:], flat[:, :-3], out=rows[:, 4:])
    deflater = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    data = deflater.compress(rows.data) + deflater.flush()
    header = struct.pack(">IIBBBBB", side, side, _DEPTH, _RGB, 0, 0, 0)
    parts = zip(_KINDS, (header, data, b""), strict=True)
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
    return struct.pack(">I", len(content)) + kind + content + checksum


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
