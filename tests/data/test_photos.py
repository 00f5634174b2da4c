"""Photos of any format come out as a person sees them: upright, square, 8 bits of sRGB."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from pngs import SIGNATURE, chunk, header

from data.photos import MAX_BYTES, decode_photo, read_photo_bytes
from utils.errors import DataError

RED, BLUE = (200, 30, 40), (20, 40, 210)
# What it looks like when the photo is upright: the left half red, the right half blue.
TURNS = {
    1: lambda image: image,
    2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda image: image.rotate(180),
    6: lambda image: image.rotate(90, expand=True),
    8: lambda image: image.rotate(-90, expand=True),
}


def upright(mode="RGB"):
    image = Image.new("RGB", (60, 40), RED)
    image.paste(BLUE, (30, 0, 60, 40))
    return image.convert(mode)


def decoded(image, kind, side=20, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return decode_photo(buffer.getvalue(), "photo", side)


@pytest.mark.parametrize("turn", TURNS)
def test_exif_turns_it_upright(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    photo = decoded(TURNS[turn](upright()), "JPEG", exif=exif, quality=95)
    assert photo.pixels.shape == (20, 20, 3) and photo.pixels.dtype == np.uint8
    assert np.abs(photo.pixels[:, :8].astype(int) - RED).max() < 12
    assert np.abs(photo.pixels[:, -8:].astype(int) - BLUE).max() < 12
    assert photo.size == (60, 40) and photo.crop == (10, 0, 40)
    assert photo.changed == (() if turn == 1 else ("turned as its EXIF says",))


@pytest.mark.parametrize(
    ("mode", "kind", "tolerance"),
    [("RGB", "PNG", 0), ("P", "PNG", 12), ("RGB", "WEBP", 20), ("RGB", "BMP", 0)],
)
def test_formats_and_palettes(mode, kind, tolerance):
    image = upright().quantize(8) if mode == "P" else upright(mode)
    photo = decoded(image, kind)
    assert np.abs(photo.pixels[:, :6].astype(int) - RED).max() <= tolerance


def test_grey_sixteen_bits_and_two_colours():
    grey = decoded(upright("L"), "PNG").pixels
    assert (grey[..., 0] == grey[..., 2]).all()
    deep = Image.fromarray(np.full((8, 8), 0x8001, np.uint16))
    photo = decoded(deep, "PNG", side=8)
    assert (photo.pixels == 0x80).all() and photo.changed == ("16 bits reduced to 8",)
    assert (decoded(Image.new("1", (8, 8), 1), "PNG", side=8).pixels == 255).all()


def test_what_is_transparent_is_white():
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    photo = decoded(clear, "PNG", side=8)
    assert (photo.pixels == 255).all() and photo.changed == ("alpha laid over white",)
    half = decoded(Image.new("LA", (8, 8), (0, 128)), "PNG", side=8)
    assert (half.pixels == 127).all()


def test_cmyk_is_as_light_as_it_looks():
    photo = decoded(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG", side=8)
    assert photo.pixels.min() > 250 and photo.changed == ("CMYK to RGB",)


def test_another_colour_space_becomes_srgb():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.new("RGB", (8, 8), (255, 0, 0))
    for unchanged in (srgb, b"no profile"):
        assert (decoded(image, "PNG", 8, icc_profile=unchanged).pixels == (255, 0, 0)).all()
    # Of another name, and with red and green as each other's primaries.
    other = srgb.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    other = other.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    shown = decoded(image, "PNG", 8, icc_profile=other)
    assert shown.changed == ("colours brought to sRGB",)
    assert np.abs(shown.pixels.astype(int) - (0, 255, 0)).max() < 8


def test_one_resize_with_antialiasing_and_none_where_it_fits():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(decoded(Image.fromarray(stripes), "PNG", 32).pixels[:, 4:-4] - 127.5).max() < 4
    same = decoded(Image.fromarray(stripes), "PNG", 256)
    assert (same.pixels == stripes).all() and same.crop == (0, 0, 256)


def test_what_is_refused_is_one_sentence(tmp_path):
    place = tmp_path / "it"
    for content in (b"", b"no image", SIGNATURE, b"GIF89a" + bytes(50), b"\xff\xd8\xff\xe0" * 9):
        with pytest.raises(DataError, match="is no image that can be read"):
            decode_photo(content, place, 8)
    for side in (9_000, 9_800, 20_000):
        bomb = SIGNATURE + header(side, side) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        with pytest.raises(DataError, match="more than 80 million pixels"):
            decode_photo(bomb, place, 8)
    buffer = io.BytesIO()
    Image.new("RGB", (99, 99)).save(buffer, format="JPEG")
    with pytest.raises(DataError, match="broken"):
        decode_photo(buffer.getvalue()[:-200], place, 8)
    with open(place, "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(DataError, match="more than 64 MiB"):
        read_photo_bytes(place)
    with pytest.raises(DataError, match="no/where"):
        read_photo_bytes(tmp_path / "no" / "where")
