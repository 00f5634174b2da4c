"""BSR's copies against NumPy and SciPy, one strip at a time."""

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf
import toy

import methods
from methods.ball import make_ball
from methods.blocks import block_shuffle, draw_blocks, shuffle
from methods.context import Context
from methods.draws import Draws
from utils.errors import MethodError


def drawn(side, count=4, strips=3, copy=0, degrees=24.0):
    return draw_blocks(Draws(tf.constant(toy.keys(count)), 0, copy), side, strips, degrees)


def lengths(weights, side):
    """The published rule: in the ratio of the weights, rounded; the largest takes the rest."""
    found = np.round(weights / weights.sum() * side).astype(int)
    found[found.argmax()] += side - found.sum()
    return found


def stated(image, uniform, strips, degrees):
    """The copy of one image, from its uniform draws in [0, 1)."""
    sizes = np.cumsum([1, strips, strips, strips, strips**2])
    coin, weights, order, turns, inner_weights, inner_order = np.split(uniform, sizes)
    turned = coin[0] >= 0.5
    image = np.swapaxes(image, 0, 1) if turned else image
    side = len(image)
    pieces = np.split(image, np.cumsum(lengths(1 + weights, side))[:-1], axis=0)
    result = []
    for k, which in enumerate(np.argsort(order)):
        strip = pieces[which]
        angle = np.deg2rad(degrees) * (2 * turns[k] - 1)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centre = (np.array(strip.shape[:2]) - 1) / 2
        rotated = [
            scipy.ndimage.affine_transform(
                strip[..., c], turn, centre - turn @ centre, order=1, mode="grid-constant"
            )
            for c in range(3)
        ]
        inner = lengths(1 + inner_weights.reshape(strips, strips)[k], side)
        blocks = np.split(np.stack(rotated, -1), np.cumsum(inner)[:-1], axis=1)
        shuffled = [blocks[i] for i in np.argsort(inner_order.reshape(strips, strips)[k])]
        result.append(np.concatenate(shuffled, axis=1))
    result = np.concatenate(result, axis=0)
    return np.swapaxes(result, 0, 1) if turned else result


@pytest.mark.parametrize(("side", "strips"), [(24, 3), (19, 2), (9, 3), (16, 1)])
def test_a_copy_is_cut_shuffled_turned_and_cut_again(side, strips):
    images = toy.images(6, side=side)
    number = 1 + 3 * strips + 2 * strips**2
    uniform = Draws(tf.constant(toy.keys(6)), 0, 0).uniform("blocks", [number]).numpy()
    blocks = drawn(side, 6, strips)
    assert set(blocks.rows_first.numpy()) == {True, False}
    got = shuffle(tf.constant(images), blocks).numpy()
    for i in range(6):
        expected = stated(images[i].astype(np.float64), uniform[i].astype(np.float64), strips, 24)
        np.testing.assert_allclose(got[i], expected, atol=2e-5)
        assert np.abs(got[i] - images[i]).max() > 0.01


def test_without_an_angle_every_pixel_stays_and_only_its_place_changes():
    images = toy.images(side=20)
    got = shuffle(tf.constant(images), drawn(20, degrees=0.0)).numpy()
    assert (np.sort(got, axis=None) == np.sort(images, axis=None)).all()
    for image, copy in zip(images, got, strict=True):
        assert (np.sort(image.reshape(-1, 3), 0) == np.sort(copy.reshape(-1, 3), 0)).all()


def test_draws_are_uniform_and_differ_between_images_copies_and_iterations():
    many = [drawn(60, count=16, copy=copy) for copy in range(12)]
    angles = np.concatenate([each.angle.numpy() for each in many]).ravel()
    assert np.abs(angles).max() <= np.deg2rad(24) and len(np.unique(angles)) > 570
    assert abs(angles.mean()) < 4 * np.deg2rad(24) / np.sqrt(3 * len(angles))
    first = np.concatenate([each.strips.start.numpy() for each in many])[:, 0] == 0
    assert abs(first.mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / len(first))
    for each in many:
        for cut in (each.strips, each.pieces):
            assert (cut.length.numpy().sum(-1) == 60).all()
            assert (np.abs(cut.length.numpy() - 21) <= 9).all()


def test_the_gradient_goes_back_to_where_each_pixel_came_from():
    images, blocks = tf.constant(toy.images(2, side=12)), drawn(12, 2)
    towards = tf.constant(toy.images(2, side=12, seed=5))
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = tf.reduce_sum(towards * shuffle(images, blocks))
    # The copy is linear in the image.
    gradient = tape.gradient(value, images)
    np.testing.assert_allclose(tf.reduce_sum(gradient * images), value, rtol=1e-4)


def test_the_source_sees_the_copy():
    images = tf.constant(toy.images())
    chosen, draws = methods.AttackSettings(), Draws(tf.constant(toy.keys()), 2, 7)
    context = Context(chosen, images, make_ball(images, chosen, 10, 1.0), draws)
    seen, nothing = block_shuffle(lambda batch: (batch, None), images, context)
    expected = shuffle(images, draw_blocks(draws, toy.SIDE, 3, 24.0))
    assert (seen.numpy() == expected.numpy()).all() and nothing is None


def test_too_many_strips_are_refused_by_name():
    with pytest.raises(MethodError, match="--bsr_strips 4 is too many for images of side 12"):
        drawn(12, strips=4)
