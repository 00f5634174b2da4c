"""DI: what is drawn, where pixels go, and where their gradients come back to."""

import numpy as np
import pytest
import tensorflow as tf
import toy

import methods
from methods.diversity import Placement, canvas_side, diverse_input, draw_placement, place
from methods.draws import Draws

COUNT = 2000


@pytest.fixture(scope="module")
def drawn():
    keys = np.stack([methods.image_key(0, str(i)) for i in range(COUNT)])
    placement = draw_placement(Draws(tf.constant(keys)), 299, 330, 0.7)
    return Placement(*(value.numpy() for value in placement))


def test_the_share_of_unchanged_images_is_one_minus_p(drawn):
    assert abs(drawn.changed.mean() - 0.7) < 4 * np.sqrt(0.21 / COUNT)


def test_sides_are_uniform_from_299_to_329(drawn):
    counts = np.bincount(drawn.side - 299, minlength=31)
    assert len(counts) == 31 and counts.min() > 0
    expected = COUNT / 31
    assert ((counts - expected) ** 2 / expected).sum() < 30 + 4 * np.sqrt(60)


@pytest.mark.parametrize("which", ["top", "left"])
def test_positions_are_uniform_over_the_room_there_is(drawn, which):
    offset, room = getattr(drawn, which), 330 - drawn.side
    assert (offset >= 0).all() and (offset < room).all()
    assert (drawn.side + offset <= 330).all()
    fraction = (offset + 0.5) / room
    assert abs(fraction.mean() - 0.5) < 4 * np.sqrt(1 / 12 / COUNT)
    smallest = offset[drawn.side <= 303]  # room of 27 to 31
    assert smallest.max() > 24 and smallest.min() < 3


def test_draws_are_independent(drawn):
    columns = np.corrcoef([drawn.changed, drawn.side, (drawn.top + 0.5) / (330 - drawn.side)])
    assert np.abs(columns[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(COUNT)


def test_other_sides_keep_the_ratio():
    settings = methods.AttackSettings()
    assert [canvas_side(side, settings) for side in (299, 224, 64, 4)] == [330, 247, 71, 5]
    assert canvas_side(299, methods.AttackSettings(image_resize=400)) == 400


def placed(image, side, top, left, canvas):
    out = np.zeros((canvas, canvas, 3), np.float32)
    for row in range(side):
        for column in range(side):
            source = row * len(image) // side, column * len(image) // side
            out[top + row, left + column] = image[source]
    return out


def test_place_enlarges_and_pads_and_its_gradient_counts_where_pixels_went():
    images = toy.images(3, side=9)
    cases = [(9, 0, 3), (12, 1, 0), (11, 2, 1)]
    placement = Placement(
        tf.ones([3], tf.bool), *(tf.constant(v) for v in zip(*cases, strict=True))
    )
    weight = np.random.default_rng(0).standard_normal((3, 14, 14, 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        variable = tf.Variable(images)
        got = place(tf.convert_to_tensor(variable), placement, 14)
        value = tf.reduce_sum(got * weight)
    gradient = tf.convert_to_tensor(tape.gradient(value, variable)).numpy()
    for i, (side, top, left) in enumerate(cases):
        np.testing.assert_array_equal(got[i], placed(images[i], side, top, left, 14))
        expected = np.zeros_like(images[i])
        for row in range(side):
            for column in range(side):
                source = row * 9 // side, column * 9 // side
                expected[source] += weight[i, top + row, left + column]
        np.testing.assert_allclose(gradient[i], expected, atol=1e-5)


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("prob", [0.0, 0.5, 1.0])
def test_the_source_answers_in_order_and_gradients_go_to_their_own_image(prob, static):
    images, seen = toy.images(6, side=10), []

    def source(batch):
        seen.append(batch.shape)
        total = tf.reduce_sum(batch * batch, [1, 2, 3])
        return tf.stack(
            [total, tf.cast(tf.fill(tf.shape(total), batch.shape[1]), tf.float32)], 1
        ), None

    settings = methods.AttackSettings(prob=prob)
    draws = Draws(tf.constant(toy.keys(6)))
    placement = draw_placement(draws, 10, 11, prob)
    changed = placement.changed.numpy()
    assert changed.sum() == {0.0: 0, 1.0: 6}.get(prob, changed.sum())
    context = methods.loop.Context(settings, tf.constant(images), None, draws, static)
    with tf.GradientTape() as tape:
        variable = tf.Variable(images)
        answers, auxiliary = diverse_input(source, tf.convert_to_tensor(variable), context)
        value = tf.reduce_sum(answers[:, 0] * tf.constant([1.0, 2, 3, 4, 5, 6]))
    assert auxiliary is None
    assert answers[:, 1].numpy().tolist() == np.where(changed, 11, 10).tolist()
    gradient = tf.convert_to_tensor(tape.gradient(value, variable)).numpy()
    for i in range(6):
        expected = images[i]
        if changed[i]:
            side, top, left = (int(v[i]) for v in placement[1:])
            expected = placed(images[i], side, top, left, 11)
        np.testing.assert_allclose(answers[i, 0], (expected**2).sum(), rtol=1e-5)
        # The side is 10 of 10 or 11, so each pixel appears once.
        np.testing.assert_allclose(gradient[i], 2 * (i + 1) * images[i], rtol=1e-5)
