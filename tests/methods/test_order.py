"""Order statistics and the search on bit patterns."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.order import kth_smallest, least_float


@given(
    rows=st.lists(
        st.lists(st.floats(0, 2.0**127, width=32, allow_subnormal=False), min_size=5, max_size=5),
        min_size=1,
        max_size=4,
    ),
    index=st.integers(0, 4),
)
@settings(max_examples=40, deadline=None)
def test_kth_smallest_is_the_sorted_entry_exactly(rows, index):
    values = np.array(rows, np.float32)
    got = kth_smallest(tf.constant(values), index).numpy()
    assert (got == np.sort(values, axis=1)[:, index]).all()


def hostile(kind, rng, shape):
    """Rows that a sample misrepresents, or where counts jump."""
    values = np.abs(rng.standard_normal(shape))
    if kind == "ties":
        values = np.round(values)
    elif kind == "constant":
        values[:] = 0.3
    elif kind == "mostly zero":
        values[rng.uniform(size=shape) < 0.9] = 0
    elif kind == "beside the sample":
        values[:, :: shape[1] // 2048] += 100
    elif kind == "outliers":
        values[rng.uniform(size=shape) < 0.3] = 1e20
    elif kind == "decades":
        values = np.exp(15 * rng.standard_normal(shape))
    return values.astype(np.float32)


@pytest.mark.parametrize(
    "kind",
    ["plain", "ties", "constant", "mostly zero", "beside the sample", "outliers", "decades"],
)
def test_kth_smallest_of_many_is_exact_whatever_they_are(kind):
    rng = np.random.default_rng(0)
    values = hostile(kind, rng, (3, 30011))
    values[1] *= 2
    ordered = np.sort(values, axis=1)
    for index in (0, 200001 * 30011 // 268203, 30010):
        got = tf.function(kth_smallest)(tf.constant(values), index).numpy()
        assert (got == ordered[:, index]).all(), index


def test_least_float_finds_the_boundary_and_the_top_where_there_is_none():
    wanted = tf.constant([3.7e-12, 0.1, 5.0, 1e30])
    low, high = tf.zeros([4]), tf.fill([4], 1e20)
    got = least_float(lambda x: x >= wanted, low, high, passes=31).numpy()
    assert got.tolist() == [*wanted.numpy()[:3].tolist(), np.float32(1e20)]
    near = least_float(lambda x: x >= wanted, low, high, passes=24).numpy()
    assert (near >= got).all() and (near[:3] <= got[:3] * (1 + 2.0**-15)).all()
