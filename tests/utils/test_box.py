"""Whatever the image, the gradient, the mode and the bound: the bytes written are within it."""

import functools

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data import from_uint8, to_uint8
from methods import MODES, Attack, AttackSettings, image_key, parse_method

SHAPE = (2, 6, 6, 3)
BOUNDS = [
    *({"max_epsilon": epsilon} for epsilon in (0.4, 1.0, 2.5, 16.0, 255.0)),
    *({"norm": "l2", "max_l2": bound} for bound in (0.7, 30.0, 500.0)),
]
WILD = st.sampled_from([0.0, -0.0, 1e-38, 1e-20, -1e-12, 3e30, -3e38, np.inf, -np.inf, np.nan])
GRADIENT = tf.Variable(tf.zeros(SHAPE))


@tf.custom_gradient
def source_logits(images):
    return tf.zeros([SHAPE[0], 3]), lambda upstream: tf.identity(GRADIENT)


@functools.cache
def attack_of(method, bound):
    """One of these traces its loops once, for every example that uses it."""
    numbers = AttackSettings(**BOUNDS[bound], num_iter=3)
    return Attack(parse_method(method), numbers, lambda images: (source_logits(images), None))


@given(
    originals=arrays(
        np.uint8, SHAPE, elements=st.one_of(st.sampled_from([0, 255]), st.integers(0, 255))
    ),
    gradient=arrays(np.float32, SHAPE, elements=st.one_of(st.floats(-1, 1, width=32), WILD)),
    mode=st.sampled_from(sorted(MODES)),
    method=st.sampled_from(["if", "m", "pi"]),
    bound=st.integers(0, len(BOUNDS) - 1),
)
@settings(max_examples=60, deadline=None)
def test_written_bytes_are_within_the_bound(originals, gradient, mode, method, bound):
    GRADIENT.assign(gradient)
    keys = np.stack([image_key(0, name) for name in "ab"])
    crafted = attack_of(method, bound)(from_uint8(originals), [1, 2], keys, [mode])[mode]
    images = np.asarray(crafted.images)
    assert np.isfinite(images).all() and np.abs(images).max() <= 1
    limits = BOUNDS[bound]
    pixels = to_uint8(images, originals, AttackSettings(**limits).bound)
    difference = pixels.astype(int) - originals.astype(int)
    if "max_l2" in limits:
        assert np.sqrt((difference**2).sum((1, 2, 3))).max() <= limits["max_l2"] * (1 + 1e-9)
    else:
        assert np.abs(difference).max() <= limits["max_epsilon"]
    broken = ~np.isfinite(gradient).all((1, 2, 3))
    if mode != "random":
        assert (~np.asarray(crafted.finite)[broken]).all()
