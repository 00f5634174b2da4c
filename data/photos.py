"""Photos as people have them: any size, any of the usual formats, to what a network is fed."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from utils.errors import DataError
from utils.files import read_regular

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
# More than most cameras give, and what the memory of a small machine takes.
MAX_PIXELS = 80_000_000
MAX_BYTES = 64 << 20
_CURE = "give a PNG, JPEG, WebP or BMP"
_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


@dataclass(frozen=True)
class Photo:
    """A photo made square.

    Attributes:
      pixels: uint8 [S, S, 3], upright, in sRGB.
      sha256: of the file.
      size: width and height in pixels, upright.
      crop: left, top and side of the centre square that was resized.
      changed: what else was done to it, a few words each.
    """

    pixels: np.ndarray
    sha256: str
    size: tuple[int, int]
    crop: tuple[int, int, int]
    changed: tuple[str, ...]


def read_photo_bytes(path: Path) -> bytes:
    """Returns a photo's file.

    Raises:
      DataError: it can't be read, or is larger than MAX_BYTES.
    """
    content = read_regular(path, MAX_BYTES)
    if content is None:
        raise DataError(
            f"Image {path} is a file of more than {MAX_BYTES >> 20} MiB: store it smaller."
        )
    return content


def decode_photo(content: bytes, path: Path, side: int) -> Photo:
    """Decodes a photo as people see it: turned as its EXIF says, alpha over white, in sRGB.

    The centre square is resized once, with antialiasing (Lanczos), unless it has that side.

    Args:
      content: the file's bytes.
      path: named in errors.
      side: of the result.

    Raises:
      DataError: it is no such image, is broken, or has more than MAX_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            # Pillow doubts at some size of its own; that is an error here, not a line more to read.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=FORMATS)
        with opened:
            if opened.size[0] * opened.size[1] > MAX_PIXELS:
                raise Image.DecompressionBombError
            opened.load()
            turned = opened.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
            rgb, changed = _to_rgb(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            f"Image {path} has more than {MAX_PIXELS // 1_000_000} million pixels: make it smaller."
        ) from error
    except Exception as error:  # noqa: BLE001 (Pillow's decoders report broken data by many kinds)
        if isinstance(error, MemoryError):
            raise
        raise DataError(
            f"Image {path} is no image that can be read, or is broken: {_CURE}, or leave it out."
        ) from error
    width, height = rgb.size
    square = min(width, height)
    left, top = (width - square) // 2, (height - square) // 2
    box = (left, top, left + square, top + square)
    made = (
        rgb.crop(box)
        if square == side
        else rgb.resize((side, side), Image.Resampling.LANCZOS, box=box)
    )
    return Photo(
        pixels=np.asarray(made),
        sha256=hashlib.sha256(content).hexdigest(),
        size=(width, height),
        crop=(left, top, square),
        changed=(*(["turned as its EXIF says"] if turned else []), *changed),
    )


def _to_rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Returns an image in 8 bits of sRGB, and what had to be done for that."""
    changed = []
    if image.mode.startswith(("I", "F")):
        # 16 bits a pixel: grey PNGs alone reach here, Pillow itself reduces those with colour.
        image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
        changed.append("16 bits reduced to 8")
    profile = image.info.get("icc_profile")
    if image.mode in _ALPHA or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
        if np.asarray(over)[..., 3].min() < 255:
            changed.append("alpha laid over white")
    if image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    if profile and (shown := _in_srgb(image, profile)) is not None:
        return shown, [*changed, "colours brought to sRGB"]
    if image.mode == "CMYK":
        changed.append("CMYK to RGB")
    return image.convert("RGB"), changed


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Returns an image of another colour space in sRGB; None for sRGB, or a broken profile."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # The numbers stay as they are, as in a viewer that can't use it either.
        return None
