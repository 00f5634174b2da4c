import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data import from_uint8, to_uint8
from utils.bound import Bound
from utils.errors import RunError

SHAPE = (2, 5, 5, 3)
ORIGINALS = arrays(np.uint8, SHAPE)
EPSILONS = st.one_of(
    st.floats(0.01, 255, allow_nan=False), st.sampled_from([0.5, 1, 2.5, 8, 15.5, 16, 255])
)


def test_every_byte_survives_the_round_trip():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 256, 1).repeat(3, axis=3)
    images = from_uint8(pixels)
    assert images.dtype == np.float32
    assert images.min() == -1 and images.max() == 1
    assert np.array_equal(to_uint8(images, pixels, Bound("linf", 1.0)), pixels)


@given(
    originals=ORIGINALS,
    perturbation=arrays(np.float32, SHAPE, elements=st.floats(-1, 1, width=32)),
    epsilon=EPSILONS,
)
@settings(max_examples=200, deadline=None)
def test_bytes_stay_within_epsilon(originals, perturbation, epsilon):
    clean = from_uint8(originals)
    images = np.clip(clean + perturbation * np.float32(2 * epsilon / 255), -1, 1)
    pixels = to_uint8(images, originals, Bound("linf", epsilon))
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - originals.astype(int)).max() <= epsilon
    # No more than rounding is lost: half a level, or up to the whole level inside the bound.
    exact = (images.astype(np.float64) + 1) * 127.5
    assert np.abs(pixels - exact).max() <= max(0.5, epsilon - np.floor(epsilon)) + 1e-4


@pytest.mark.parametrize("epsilon", [2.5, 16])
def test_full_steps_use_the_whole_bound(epsilon):
    originals = np.full(SHAPE, 100, np.uint8)
    images = from_uint8(originals) + np.float32(2 * epsilon / 255)
    assert (to_uint8(images, originals, Bound("linf", epsilon)) == 100 + int(epsilon)).all()


@given(
    originals=ORIGINALS,
    direction=arrays(np.float32, SHAPE, elements=st.floats(-1, 1, width=32)),
    size=st.floats(0.5, 400),
)
@settings(max_examples=200, deadline=None)
def test_bytes_stay_in_the_l2_ball(originals, direction, size):
    lengths = np.sqrt((direction.astype(np.float64) ** 2).sum((1, 2, 3), keepdims=True))
    perturbation = direction / np.maximum(lengths, 1e-12) * size
    clean = originals.astype(np.float64)
    images = ((clean + perturbation) / 127.5 - 1).clip(-1, 1).astype(np.float32)
    pixels = to_uint8(images, originals, Bound("l2", size))
    difference = pixels.astype(np.float64) - clean
    assert np.sqrt((difference**2).sum((1, 2, 3))).max() <= size * (1 + 1e-9)
    assert np.abs(pixels - (images.astype(np.float64) + 1) * 127.5).max() <= 1 + 1e-4


def test_rounding_alone_would_leave_the_l2_ball():
    # 75 entries of 0.6 levels: length 5.2; rounded to 1 each, 8.7.
    originals = np.full((1, 5, 5, 3), 100, np.uint8)
    images = ((originals + 0.6) / 127.5 - 1).astype(np.float32)
    bound = Bound("l2", 0.6 * np.sqrt(75))
    difference = to_uint8(images, originals, bound).astype(int) - 100
    assert (difference**2).sum() == 27  # as many whole levels as fit: 27 <= 0.36 * 75


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.2])
def test_a_broken_image_is_never_written(value):
    originals = np.full(SHAPE, 100, np.uint8)
    images = from_uint8(originals)
    images[0, 0, 0, 0] = value
    with pytest.raises(RunError):
        to_uint8(images, originals, Bound("linf", 16))
    with pytest.raises(RunError):
        to_uint8(images, originals, Bound("l2", 10))


def test_a_bug_in_the_attack_is_not_hidden_by_clipping():
    originals = np.full(SHAPE, 100, np.uint8)
    images = from_uint8(originals) + np.float32(2 * 17 / 255)
    with pytest.raises(RunError, match="epsilon box"):
        to_uint8(images, originals, Bound("linf", 16))
    with pytest.raises(RunError, match="L2 ball"):
        to_uint8(images, originals, Bound("l2", 100))
