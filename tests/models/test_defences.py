"""Every defence against an independent statement of what it does."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import stats

from models.defences import DEFENCES, split_defences, vote
from utils.errors import UnknownNetwork


@pytest.fixture(scope="module", params=["drawn", "photo"])
def pixels(request):
    if request.param == "drawn":
        return np.random.default_rng(0).integers(0, 256, [40, 48, 3], np.uint8)
    folder = request.getfixturevalue("shared") / "imagenet" / "images"
    return np.asarray(Image.open(min(folder.glob("*.png"))).convert("RGB"))


def applied(chain, pixels, seed=0, image_id="a"):
    return split_defences(f"net+{chain}")[1](pixels, seed, image_id)


def mirrored_windows(pixels, radius):
    padded = np.pad(pixels, [(radius, radius), (radius, radius), (0, 0)], mode="symmetric")
    return np.lib.stride_tricks.sliding_window_view(padded, [2 * radius + 1] * 2, axis=(0, 1))


@pytest.mark.parametrize("quality", [1, 50, 75, 100])
def test_jpeg_is_the_codec_at_420(pixels, quality):
    encoded = tf.io.encode_jpeg(pixels, quality=quality, chroma_downsampling=True)
    assert Image.open(io.BytesIO(encoded.numpy())).layer[0][1:3] == (2, 2)
    expected = tf.io.decode_jpeg(encoded, dct_method="INTEGER_ACCURATE", fancy_upscaling=True)
    np.testing.assert_array_equal(applied(f"jpeg{quality}", pixels)[0], expected)


@pytest.mark.parametrize("depth", range(1, 9))
def test_bits_are_the_nearest_of_even_levels(pixels, depth):
    levels = np.linspace(0, 255, 2**depth)
    nearest = np.abs(pixels[..., None] - levels).min(-1)
    found = applied(f"bits{depth}", pixels)[0]
    assert set(np.unique(found)) <= set(np.rint(levels))
    # Rounding a level moves it by half a step of 8 bits at most.
    assert np.all(np.abs(np.abs(found - pixels) - nearest) <= 0.5)
    if depth == 8:
        np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize("size", [3, 5])
def test_median_is_that_of_the_window(pixels, size):
    expected = np.median(mirrored_windows(pixels, size // 2), axis=(-2, -1))
    np.testing.assert_array_equal(applied(f"median{size}", pixels)[0], expected)


def test_gauss_is_a_normalised_kernel_in_both_axes(pixels):
    at = np.arange(-6, 7)
    kernel = np.exp(-(at**2) / (2 * 1.5**2))
    kernel = np.outer(kernel, kernel) / kernel.sum() ** 2
    expected = np.einsum("hwcij,ij->hwc", mirrored_windows(pixels.astype(np.float64), 6), kernel)
    np.testing.assert_allclose(applied("gauss1.5", pixels)[0], expected, atol=1e-3)


def test_flip_is_its_own_inverse(pixels):
    found = applied("flip", pixels)[0]
    np.testing.assert_array_equal(found[:, 0], pixels[:, -1])
    np.testing.assert_array_equal(applied("flip+flip", pixels)[0], pixels)


def test_a_chain_is_its_steps_from_left_to_right(pixels):
    bits = applied("bits3", pixels)[0]
    expected = applied("jpeg60", bits.astype(np.uint8))
    np.testing.assert_array_equal(applied("bits3+jpeg60", pixels), expected)
    assert not np.array_equal(applied("jpeg60+bits3", pixels), expected)


@pytest.mark.parametrize("chain", ["randpad", "pixeldefl", "smooth0.1_3"])
def test_draws_depend_on_seed_and_image_alone(chain):
    pixels = np.random.default_rng(0).integers(0, 256, [12, 12, 3], np.uint8)
    once = applied(chain, pixels)
    np.testing.assert_array_equal(applied(chain, pixels), once)
    assert not np.array_equal(applied(chain, pixels, seed=1), once)
    assert not np.array_equal(applied(chain, pixels, image_id="b"), once)


def test_randpad_draws_sides_and_places_evenly():
    pixels = np.full([20, 20, 3], 255, np.uint8)
    sides, tops = [], []
    for number in range(2000):
        (found,) = applied("randpad", pixels, image_id=str(number))
        assert found.shape == (52, 52, 3)
        rows, columns = found.any((1, 2)).nonzero()[0], found.any((0, 2)).nonzero()[0]
        side = len(rows)
        assert len(columns) == side == np.ptp(rows) + 1
        assert found.sum() == 255 * 3 * side**2
        sides.append(side)
        tops += [rows[0]] if side == 20 else []
    counts = np.bincount(sides, minlength=52)[20:]
    assert len(counts) == 32 and stats.chisquare(counts).pvalue > 1e-3
    assert min(tops) >= 0 and max(tops) <= 32 and len(set(tops)) > 20


def test_randpad_resizes_to_the_nearest_pixel():
    pixels = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3) + 1
    for number in range(20):
        (found,) = applied("randpad", pixels, image_id=str(number))
        inside = found[np.ix_(found.any((1, 2)), found.any((0, 2)))]
        side = len(inside)
        expected = tf.raw_ops.ResizeNearestNeighbor(images=pixels[None], size=[side, side])[0]
        np.testing.assert_array_equal(inside, expected)


def test_pixeldefl_takes_values_from_near_by():
    rows, columns = np.mgrid[:90, :80].astype(np.uint8)
    pixels = np.stack([rows, columns, np.full_like(rows, 7)], -1)
    (found,) = applied("pixeldefl", pixels)
    moved = (found != pixels).any(-1)
    # 200 draws of 7200 pixels; some meet twice, some find themselves.
    assert 150 < moved.sum() <= 200
    # A deflected pixel may be deflected again, to at most twice as far.
    away = np.abs(found[..., :2] - pixels[..., :2]).max(-1)
    assert 8 <= np.percentile(away[moved], 95) <= 10 and away.max() <= 20
    assert (found[..., 2] == 7).all()


def test_smooth_adds_white_noise_of_its_sigma():
    pixels = np.full([30, 30, 3], 100, np.uint8)
    copies = applied("smooth0.25_50", pixels)
    assert copies.shape == (50, 30, 30, 3) and copies.dtype == np.float32
    noise = (copies - 100).ravel() / 63.75
    assert stats.kstest(noise, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(copies[0].ravel(), copies[1].ravel())[0, 1]) < 0.1


def test_a_vote_needs_a_clear_majority():
    assert vote(np.array([3] * 100)) == (3, 1.0)
    assert vote(np.array([3] * 60 + [5] * 40)) == (None, 0.6)
    assert vote(np.array([3] * 70 + [5] * 30)) == (3, 0.7)
    # The test is between the first two: others don't count.
    assert vote(np.array([3] * 20 + list(range(10, 90)))) == (3, 0.2)
    assert vote(np.array([3] * 9 + [5])) == (None, 0.9)


@pytest.mark.parametrize(
    ("name", "network", "names"),
    [
        ("vgg_16", "vgg_16", ()),
        ("vgg_16+jpeg75", "vgg_16", ("jpeg75",)),
        ("resnet_v2_50+bits4+median3", "resnet_v2_50", ("bits4", "median3")),
        ("vgg_16+gauss0.5+smooth0.25_100", "vgg_16", ("gauss0.5", "smooth0.25_100")),
        ("saved_model:/a+b/m?side=224&range=-1,1+flip", "saved_model:/a+b/m?side=224&range=-1,1",
         ("flip",)),
        ("keras:ResNet50+randpad", "keras:ResNet50", ("randpad",)),
    ],
)  # fmt: skip
def test_names_are_split(name, network, names):
    found, chain = split_defences(name)
    assert (found, chain.names) == (network, names)
    assert chain.votes == ("smooth" in name)


@pytest.mark.parametrize(
    ("chain", "says"),
    [
        ("jpg75", "'jpg75' is no defence; there are jpeg75, bits4"),
        ("", "'' is no defence"),
        ("jpeg0", "jpeg takes a whole number from 1 to 100, as in jpeg75"),
        ("jpeg101", "jpeg takes a whole number from 1 to 100"),
        ("jpeg75.5", "jpeg takes a whole number"),
        ("jpeg", "jpeg takes a whole number"),
        ("jpeg75_3", "jpeg takes a whole number"),
        ("bits9", "bits takes a whole number from 1 to 8"),
        ("median4", "median takes an odd number from 3 to 15"),
        ("gauss0", "gauss takes a number from 0.1 to 20"),
        ("gauss1.2.3", "gauss takes a number"),
        ("smooth0.25", "smooth takes a number from 0.001 to 2 and a whole number"),
        ("flip2", "flip takes no number, as in flip"),
        ("randpad+flip", "randpad must be the last step"),
        ("randpad+randpad", "randpad must be the last step"),
    ],
)
def test_what_can_not_be_is_said_with_an_example(chain, says):
    with pytest.raises(UnknownNetwork) as error:
        split_defences(f"vgg_16+{chain}")
    assert says in str(error.value) and f"vgg_16+{chain}" in str(error.value)


def test_every_row_is_written_as_its_example_and_keeps_its_input():
    pixels = np.random.default_rng(0).integers(0, 256, [16, 16, 3], np.uint8)
    before = pixels.copy()
    for kind, defence in DEFENCES.items():
        assert defence.example.startswith(kind)
        copies = applied(defence.example, pixels)
        side = 48 if kind == "randpad" else 16
        assert copies.dtype == np.float32 and copies.shape[1:] == (side, side, 3)
        np.testing.assert_array_equal(pixels, before)
