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


@pytest.mark.parametrize("index", [0, 200001, 268202])
def test_kth_smallest_at_full_size(index):
    values = np.abs(np.random.default_rng(0).standard_normal((2, 268203))).astype(np.float32)
    got = kth_smallest(tf.constant(values), index).numpy()
    assert (got == np.sort(values, axis=1)[:, index]).all()


def test_least_float_finds_the_boundary_and_the_top_where_there_is_none():
    wanted = tf.constant([3.7e-12, 0.1, 5.0, 1e30])
    low, high = tf.zeros([4]), tf.fill([4], 1e20)
    got = least_float(lambda x: x >= wanted, low, high, passes=31).numpy()
    assert got.tolist() == [*wanted.numpy()[:3].tolist(), np.float32(1e20)]
    near = least_float(lambda x: x >= wanted, low, high, passes=24).numpy()
    assert (near >= got).all() and (near[:3] <= got[:3] * (1 + 2.0**-15)).all()
