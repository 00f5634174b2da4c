"""Each part by itself, on made-up gradients, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
import toy

import methods
from methods import gradients
from methods.ball import make_ball
from methods.context import Context
from methods.draws import Draws


def context(images, num_iter=10, factor=1.0, **settings):
    chosen = methods.AttackSettings(**settings)
    ball = make_ball(tf.constant(images), chosen, num_iter, factor)
    return Context(chosen, tf.constant(images), ball, Draws(tf.constant(toy.keys(len(images)))))


def made_up(count=5, seed=0, spread=(1.0, 1e-3, 1e-20, 1e-30, 1e30)):
    drawn = np.random.default_rng(seed).standard_normal((count, 9, 9, 3))
    return (drawn * np.array(spread[:count]).reshape(-1, 1, 1, 1)).astype(np.float32)


def test_momentum_accumulates_over_iterations_by_the_formula():
    memory, expected = np.zeros((5, 9, 9, 3), "f"), np.zeros((5, 9, 9, 3))
    for seed in range(6):
        gradient = made_up(seed=seed)
        memory = gradients.accumulate(gradient, memory, context(gradient, momentum=0.8))
        exact = gradient.astype(np.float64)
        expected = 0.8 * expected + exact / np.abs(exact).mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(memory, expected, rtol=1e-4, atol=1e-5)


def test_momentum_survives_an_iteration_without_gradient():
    memory = made_up(spread=[1] * 5)
    got = gradients.accumulate(0 * memory, memory, context(memory, momentum=0.5))
    np.testing.assert_array_equal(got, 0.5 * memory)


def test_look_ahead_goes_a_step_along_the_momentum():
    images, memory = toy.images(), toy.images(seed=3)
    got = gradients.look_ahead(images, memory, context(images, momentum=0.9))
    np.testing.assert_allclose(got, images + 32 / 255 / 10 * 0.9 * memory, atol=1e-6)


def test_smoothing_is_a_convolution_with_the_two_dimensional_gaussian():
    gradient = np.random.default_rng(0).standard_normal((2, 23, 23, 3)).astype(np.float32)
    got = gradients.smooth(gradient, context(gradient)).numpy()
    for i in range(2):
        np.testing.assert_allclose(
            got[i], toy.convolve(gradient[i], toy.gaussian(15, 3)), atol=1e-6
        )


def test_scale_copies_halve():
    images = toy.images()
    for index in range(5):
        got = gradients.scale_copy(images, tf.constant(index)).numpy()
        assert (got == images / 2**index).all()


def test_neighbours_are_uniform_in_their_box_and_the_variance_is_their_mean_minus_the_gradient():
    images = toy.images()
    seen = []

    def gradient_at(points, number):
        seen.append((int(number), (points - images).numpy()))
        return tf.fill(images.shape, tf.cast(number, tf.float32))

    here = context(images, vt_samples=20, vt_radius=1.5)
    got = gradients.neighbour_variance(gradient_at, tf.constant(images), 0 * images + 4.0, here)
    np.testing.assert_allclose(got, np.arange(1, 21).mean() - 4.0, rtol=1e-6)
    assert [number for number, _ in seen] == list(range(1, 21))
    noise = np.stack([offset for _, offset in seen]) / (1.5 * 32 / 255)
    assert np.abs(noise).max() <= 1 + 1e-5 and np.abs(noise).max() > 0.999
    assert abs(noise.mean()) < 5 / np.sqrt(3 * noise.size)
    assert abs((noise**2).mean() - 1 / 3) < 5 * 0.3 / np.sqrt(noise.size)


@pytest.mark.parametrize("mode", ["sign", "affine"])
def test_patch_wise_hands_what_leaves_the_box_to_the_neighbours(mode):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (2, 9, 9, 3)).astype(np.float32)
    here = context(images, num_iter=7, factor=10.0)
    eps, beta = 32 / 255, 10 * 32 / 255 / 7
    memory, amplified = np.zeros_like(images), np.zeros(images.shape)
    weights = np.full((3, 3), 1 / 8)
    weights[1, 1] = 0
    for _ in range(4):
        direction = np.stack([toy.DIRECTIONS[mode](g) for g in rng.standard_normal(images.shape)])
        stride = beta * direction
        got, memory = gradients.patch_wise(images, stride.astype(np.float32), memory, here)
        amplified = amplified + stride
        cut = np.clip(np.abs(amplified) - eps, 0, None) * np.sign(amplified)
        spread = np.stack([toy.convolve(c, weights) for c in cut])
        projected = beta * np.sign(np.where(np.abs(spread) < 1e-6, 0, spread))
        amplified = amplified + projected
        np.testing.assert_allclose(got, images + stride + projected, atol=1e-5)
        np.testing.assert_allclose(memory, amplified, atol=1e-5)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_rgd_sums_without_clipping_and_shows_the_projection(norm):
    images = toy.images()
    here = context(images, norm=norm, max_l2=100.0)
    memory, total = tf.zeros_like(images), np.zeros_like(images)
    for seed in range(3):
        stride = 0.1 * toy.images(seed=seed + 1)
        got, memory = gradients.unclipped_sum(tf.constant(images), stride, memory, here)
        total = total + stride
        np.testing.assert_allclose(memory, total, atol=1e-6)
        if norm == "linf":
            shown = np.clip(images + np.clip(total, -32 / 255, 32 / 255), -1, 1)
            np.testing.assert_allclose(here.ball.project(got), shown, atol=1e-6)
    assert np.abs(memory).max() > 32 / 255
