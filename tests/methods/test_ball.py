"""Steps and projections of both balls."""

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import methods
from methods.ball import make_ball


def ball_of(clean, norm, size, num_iter=10, factor=1.0):
    chosen = {"max_epsilon": size} if norm == "linf" else {"norm": norm, "max_l2": size}
    return make_ball(tf.constant(clean), methods.AttackSettings(**chosen), num_iter, factor)


def drawn(seed, spread=1.0):
    rng = np.random.default_rng(seed)
    clean = rng.uniform(-1, 1, (3, 8, 8, 3)).astype(np.float32)
    moved = clean + spread * rng.standard_normal(clean.shape).astype(np.float32)
    return clean, moved.astype(np.float32)


@given(size=st.floats(0.1, 255), seed=st.integers(0, 99), spread=st.sampled_from([0.01, 1, 1e18]))
@settings(max_examples=60, deadline=None)
def test_the_box_holds_and_keeps_what_is_in_it(size, seed, spread):
    clean, moved = drawn(seed, spread)
    got = ball_of(clean, "linf", size).project(moved).numpy()
    eps = 2 * size / 255
    expected = np.clip(moved, np.maximum(clean - eps, -1), np.minimum(clean + eps, 1))
    np.testing.assert_allclose(got, expected, atol=1e-6)


@given(size=st.floats(0.1, 3000), seed=st.integers(0, 99), spread=st.sampled_from([0.01, 1, 1e18]))
@settings(max_examples=60, deadline=None)
def test_the_l2_ball_holds_and_keeps_what_is_in_it(size, seed, spread):
    clean, moved = drawn(seed, spread)
    ball = ball_of(clean, "l2", size)
    got = ball.project(moved).numpy()
    assert np.abs(got).max() <= 1
    radius = size / 127.5
    length = np.linalg.norm((got - clean).reshape(3, -1).astype(np.float64), axis=1)
    assert (length <= radius * (1 + 1e-5) + 1e-6).all()
    before = np.linalg.norm((moved - clean).reshape(3, -1).astype(np.float64), axis=1)
    inside = before < radius * (1 - 1e-6)
    np.testing.assert_allclose(got[inside], np.clip(moved, -1, 1)[inside], atol=1e-6)


def test_strides_have_the_length_of_a_step():
    clean, direction = drawn(0)
    box = ball_of(clean, "linf", 16, num_iter=8, factor=10.0)
    np.testing.assert_allclose(box.stride(direction), 10 * 32 / 255 / 8 * direction, rtol=1e-6)
    ball = ball_of(clean, "l2", 510.0, num_iter=8)
    length = np.linalg.norm(ball.stride(direction).numpy().reshape(3, -1), axis=1)
    np.testing.assert_allclose(length, 4 / 8, rtol=1e-6)
    assert (ball.stride(0 * direction).numpy() == 0).all()
    given = methods.AttackSettings(step_size=2.0)
    for num_iter in (1, 10):
        box = make_ball(tf.constant(clean), given, num_iter, 10.0)
        np.testing.assert_allclose(box.stride(direction), 10 * 4 / 255 * direction, rtol=1e-6)


def test_excess_is_what_the_projection_takes_away():
    clean, moved = drawn(1)
    for norm, size in (("linf", 16), ("l2", 100.0)):
        ball = ball_of(0 * clean, norm, size)
        kept = ball.project(moved) + ball.excess(tf.constant(moved))
        inside = np.abs(ball.project(moved)) < 1
        np.testing.assert_allclose(kept.numpy()[inside], moved[inside], atol=1e-5)


def test_the_scale_that_reaches_a_length_reaches_it_whatever_other_images_need():
    clean, moved = drawn(2, spread=0.05)
    along = np.random.default_rng(3).standard_normal(clean.shape)
    along = (along * np.exp(along)).astype(np.float32)
    along /= np.linalg.norm(along.reshape(3, -1), axis=1).reshape(-1, 1, 1, 1)
    for norm, size in (("linf", 16), ("l2", 100.0)):
        ball = ball_of(clean, norm, size)
        images = ball.project(moved)
        farthest = ball.project(images + 1e9 * along) - images
        farthest = np.linalg.norm(farthest.numpy().reshape(3, -1), axis=1)
        wanted = (farthest * [0.1, 0.6, 0.97]).astype(np.float32)
        scale = ball.scale_to_reach(images, tf.constant(along), wanted).numpy()
        got = ball.project(images + scale.reshape(-1, 1, 1, 1) * along) - images
        got = np.linalg.norm(got.numpy().reshape(3, -1), axis=1)
        np.testing.assert_allclose(got, wanted, rtol=3e-5)
        for i in range(3):
            one = ball_of(clean[i : i + 1], norm, size)
            part = images[i : i + 1], tf.constant(along[i : i + 1]), wanted[i : i + 1]
            assert one.scale_to_reach(*part).numpy()[0] == scale[i]
