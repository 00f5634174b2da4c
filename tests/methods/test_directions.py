"""Each direction against what it says, on made-up gradients."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import toy

import methods
from methods.ball import make_ball
from methods.context import Context
from methods.draws import Draws


def gradients(count=3, side=10, seed=0):
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((count, side, side, 3)) * np.exp(
        rng.standard_normal((count, side, side, 3))
    )
    return drawn.astype(np.float32)


def context(images, clean=None, num_iter=10, **settings):
    chosen = methods.AttackSettings(**settings)
    ball = make_ball(tf.constant(images if clean is None else clean), chosen, num_iter, 1.0)
    keys = np.stack([methods.image_key(0, str(i)) for i in range(len(images))])
    return Context(chosen, tf.constant(images), ball, Draws(tf.constant(keys)))


def direction(mode, gradient, **settings):
    function = methods.MODES[mode].function
    return function(tf.constant(gradient), context(0 * gradient, **settings)).numpy()


def test_sign_and_raw():
    gradient = gradients()
    assert (direction("sign", gradient) == np.sign(gradient)).all()
    assert (direction("raw", gradient) == gradient).all()


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_affine_has_the_length_of_the_sign_and_the_direction_of_the_gradient(scale):
    gradient = gradients()
    gradient[:, :2] = 0
    got = direction("affine", gradient * np.float32(scale)).reshape(3, -1).astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), np.sqrt(10 * 8 * 3), rtol=1e-6)
    flat = gradient.reshape(3, -1)
    cosine = (got * flat).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(flat, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-6)


@pytest.mark.parametrize("k", [0, 1, 134101, 200001, 268202])
def test_fgnm_k_divides_by_the_order_statistic_of_the_same_fraction(k):
    gradient = gradients()
    gradient[0, 0, :5] = 1e-21  # counts as a reciprocal of 1e-20: sorts last
    size = np.abs(gradient.reshape(3, -1)).astype(np.float64)
    inverse = np.where(size < 1e-20, 1e-20, 1 / np.maximum(size, 1e-20))
    scale = np.sort(inverse, axis=1)[:, ::-1][:, k * 300 // 268203]
    got = direction("test", gradient, k=k)
    np.testing.assert_allclose(got, gradient * scale.reshape(-1, 1, 1, 1), rtol=1e-5, atol=1e-30)


def test_fgnm_k_of_a_gradient_with_too_many_zeros_is_next_to_nothing():
    gradient = gradients()
    gradient[:, :3] = 0  # 30 %, and K leaves 25.4 %
    assert np.abs(direction("test", gradient)).max() < 1e-15


def test_staircase_weighs_signs_by_percentile():
    gradient = gradients(side=9)
    gradient[0, :2, :2] = 0.5  # ties
    got = direction("staircase", gradient)
    percentiles = np.arange(1, 65) * 1.5625
    for i in range(3):
        for channel in range(3):
            size = np.abs(gradient[i, ..., channel])
            bounds = np.percentile(size, percentiles, method="lower")
            step = np.array([[np.argmax(s <= bounds) for s in row] for row in size])
            expected = np.sign(gradient[i, ..., channel]) * (2 * step + 1) / 64
            np.testing.assert_allclose(got[i, ..., channel], expected, rtol=1e-6)


def test_random_is_a_fair_coin_that_changes_with_image_and_iteration():
    gradient = gradients(side=40)
    got = direction("random", gradient)
    assert set(np.unique(got)) == {-1, 1}
    assert np.abs(got.mean(axis=(1, 2, 3))).max() < 5 / np.sqrt(4800)
    assert abs((got[0] * got[1]).mean()) < 5 / np.sqrt(4800)
    first = context(gradient)
    later = dataclasses.replace(first, draws=dataclasses.replace(first.draws, iteration=1))
    again = methods.MODES["random"].function(tf.constant(gradient), later).numpy()
    assert abs((got * again).mean()) < 5 / np.sqrt(14400)


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_rescale_is_the_logistic_function_of_the_standardised_logarithm(scale):
    gradient = gradients()
    gradient[:, :2] = 0
    got = direction("rescale", gradient * np.float32(scale))
    for i in range(3):
        expected = toy.rescaled(gradient[i].astype(np.float64))
        np.testing.assert_allclose(got[i], expected, rtol=2e-5)
        assert (got[i, :2] == 0).all()


def test_rescale_of_equal_sizes_or_of_one_entry_is_the_sign():
    gradient = np.sign(gradients()) * np.float32(0.3)
    gradient[1, :3] = 0
    gradient[2] = 0
    gradient[2, 4, 4, 1] = -7e-12
    np.testing.assert_array_equal(direction("rescale", gradient), np.sign(gradient))


def test_rescale_as_its_authors_program_has_it():
    gradient = gradients()
    gradient[0, :3, :, 1] = 0
    gradient[1, ..., 2] = 3  # no entry of this channel is below 1
    got = direction("rescale", gradient, rescale_form="code")
    for i in range(3):
        for channel in range(3):
            g = gradient[i, ..., channel].astype(np.float64)
            there = g != 0
            a = -np.log2(np.abs(g[there]))
            top = a.max()
            expected = np.zeros_like(g)
            expected[there] = 2 * np.log(1 + np.ceil(top - a + 1e-9) / top) if top > 0 else 1
            np.testing.assert_allclose(got[i, ..., channel], expected * np.sign(g), rtol=1e-4)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("heavy", [1.0, 4.0])
def test_matched_is_as_long_after_the_projection_as_the_sign_and_goes_along_the_gradient(
    norm, heavy
):
    rng = np.random.default_rng(2)
    clean = rng.uniform(-1, 1, (4, 12, 12, 3)).astype(np.float32)
    gradient = rng.standard_normal(clean.shape) * np.exp(heavy * rng.standard_normal(clean.shape))
    gradient = gradient.astype(np.float32)
    images = np.clip(clean + rng.uniform(-0.12, 0.12, clean.shape).astype(np.float32), -1, 1)
    here = context(images, clean, norm=norm, max_l2=400.0)
    ball = here.ball
    images = ball.project(images)
    step = methods.MODES["matched"].function(tf.constant(gradient), here).numpy()
    zeta = step / gradient
    spread = zeta.max(axis=(1, 2, 3)) / zeta.min(axis=(1, 2, 3))
    np.testing.assert_allclose(spread, 1, rtol=1e-4)
    assert (zeta > 0).all()

    def length(stride):
        moved = ball.project(images + stride).numpy() - images
        return np.linalg.norm(moved.numpy().reshape(4, -1).astype(np.float64), axis=1)

    expected = length(ball.stride(tf.sign(gradient)))
    np.testing.assert_allclose(length(step), expected, rtol=1e-3)
    if norm == "linf" and heavy > 1:
        # A step along the gradient of the unclipped sign's length is clipped to less.
        affine = methods.MODES["affine"].function(tf.constant(gradient), here)
        assert (length(ball.stride(affine)) < expected).all()


@pytest.mark.parametrize("mode", methods.MODES)
def test_a_zero_gradient_has_no_direction_and_leaves_others_theirs(mode):
    gradient = gradients()
    alone = direction(mode, gradient)
    gradient[1] = 0
    got = direction(mode, gradient)
    assert (got[1] == 0).all()
    assert np.isfinite(got).all()
    np.testing.assert_array_equal(got[[0, 2]], alone[[0, 2]])
