import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pngs import SIGNATURE, chunk, header, pixel_data, png_of

from data import decode_image, read_image, write_image
from data.images import MAX_SIDE, png_side
from utils.errors import DataError

SIDES = st.integers(1, 12)
PIXELS = SIDES.flatmap(lambda side: arrays(np.uint8, (side, side, 3)))
SOUND = png_of(np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3))


@given(pixels=PIXELS)
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_back(tmp_path_factory, pixels):
    path = tmp_path_factory.mktemp("png") / "a.png"
    content = write_image(path, pixels)
    assert path.read_bytes() == content
    assert np.array_equal(read_image(path), pixels)
    assert png_side(path) == len(pixels)


@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda rest: SIGNATURE + rest),
        st.tuples(st.integers(0, len(SOUND) - 1), st.binary(min_size=1, max_size=4)).map(
            lambda change: SOUND[: change[0]] + change[1] + SOUND[change[0] + len(change[1]) :]
        ),
        st.integers(0, len(SOUND) - 1).map(lambda length: SOUND[:length]),
    )
)
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_an_image_or_a_sentence(content):
    try:
        pixels = decode_image(content, "x.png")
    except DataError as error:
        assert str(error).startswith("Image x.png ")
        assert str(error).endswith(".")
    else:
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3 and pixels.shape[0] == pixels.shape[1] and pixels.shape[2] == 3


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1"])
def test_other_colour_types_become_rgb(mode):
    grey = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1) * 4, 3, axis=2)
    if mode == "1":
        grey = np.where(grey > 127, 255, 0).astype(np.uint8)
    content = png_of(grey, mode)
    assert np.array_equal(decode_image(content, "x.png"), grey)


def test_alpha_is_dropped_not_blended():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 200, 10
    assert (decode_image(png_of(pixels, "RGBA"), "x.png") == [200, 0, 0]).all()


HOSTILE = {
    "bomb": (SIGNATURE + header(30000, 30000) + pixel_data(1, 3), "30000 x 30000"),
    "bomb_behind": (
        SIGNATURE + header(8, 8) + header(9000, 9000) + pixel_data(8, 24),
        "contradict",
    ),
    "zero": (SIGNATURE + header(0, 0) + pixel_data(1, 3), "0 x 0"),
    "side_too_large": (
        SIGNATURE + header(MAX_SIDE + 1, MAX_SIDE + 1) + pixel_data(1, 3),
        f"from 1 to {MAX_SIDE}",
    ),
    "truncated": (png_of(np.full((64, 64, 3), 7, np.uint8))[:-30], "broken or cut short"),
    "only_a_header": (SIGNATURE + header(8, 8), "broken or cut short"),
    "text": (b"ImageId,TrueLabel\n" * 10, "not a PNG"),
    "empty": (b"", "not a PNG"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(100), "not a PNG"),
    "16_bit": (SIGNATURE + header(8, 8, depth=16) + pixel_data(8, 48), "16 bits"),
    "wide": (SIGNATURE + header(8, 9) + pixel_data(9, 24), "8 x 9"),
    "bad_checksum": (SOUND[:-20] + bytes(8) + SOUND[-12:], "broken or cut short"),
    "one_row_of_64": (SIGNATURE + header(64, 64) + pixel_data(1, 192), "193 of 12352 bytes"),
    "no_palette": (SIGNATURE + header(8, 8, colour=3) + pixel_data(8, 8), "palette"),
    "no_end": (SOUND[:-12], "broken or cut short"),
    "text_bomb": (
        SIGNATURE
        + header(8, 8)
        + chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(50_000_000), 9))
        + pixel_data(8, 24),
        "broken or cut short",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_get_their_sentence(tmp_path, name):
    content, words = HOSTILE[name]
    path = tmp_path / f"{name}.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_image(path)
    assert str(path) in str(caught.value)


def test_a_file_larger_than_any_image_is_not_read_whole(tmp_path):
    path = tmp_path / "huge.png"
    path.write_bytes(SOUND)
    with open(path, "r+b") as file:
        file.truncate(10 << 30)  # sparse: takes no space on the disk
    with pytest.raises(DataError, match="more than 32 MB"):
        read_image(path)


def test_a_missing_file_and_a_folder_get_their_sentence(tmp_path):
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(DataError, match="can't be read"):
            read_image(path)
        with pytest.raises(DataError, match="can't be read"):
            png_side(path)


def test_a_symbolic_link_is_replaced_not_followed(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("untouched")
    link = tmp_path / "out.png"
    link.symlink_to(outside)
    write_image(link, np.zeros((4, 4, 3), np.uint8))
    assert outside.read_text() == "untouched"
    assert not link.is_symlink() and read_image(link).shape == (4, 4, 3)
