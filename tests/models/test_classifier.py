"""Resizing, preprocessing, ensembles and folding, on networks small enough to compute by hand."""

import numpy as np
import pytest
import tensorflow as tf

import models
from models.folding import checkpoint_shapes, fold
from models.preprocessing import PREPROCESSING
from utils.errors import ModelError


def classifier(name="a", side=4, largest_side=4, num_classes=11, label_offset=0, auxiliary=False):
    """Logits are ramps times the mean of the image's red, and record the side that was fed."""
    sides = []

    def forward(images):
        sides.append(images.shape[1])
        ramp = tf.range(label_offset, label_offset + num_classes, dtype=tf.float32)
        logits = tf.reduce_mean(images[..., :1], axis=[1, 2]) * ramp
        return logits, 10 * logits if auxiliary else None

    made = models.Classifier(name, side, largest_side, num_classes, label_offset, forward)
    return made, sides


@pytest.mark.parametrize(
    ("side", "fed"), [(3, 299), (298, 299), (299, 299), (310, 310), (330, 330), (331, 299)]
)
def test_only_sides_that_do_not_suit_the_network_are_resized(side, fed):
    made, sides = classifier(side=299, largest_side=330)
    made(tf.zeros([1, side, side, 3]))
    assert sides == [fed]


def test_resizing_takes_half_pixel_centres_and_no_antialiasing():
    made = models.Classifier("a", 2, 2, 12, 0, lambda x: (tf.reshape(x, [1, 12]), None))
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1).repeat(3, axis=3)
    # The centre of each half lies between four pixels.
    expected = np.array([2.5, 4.5, 10.5, 12.5]).repeat(3)
    np.testing.assert_allclose(made(image)[0], expected)
    image = np.arange(64, dtype=np.float32).reshape(1, 8, 8, 1).repeat(3, axis=3)
    # At a fourth of the side an antialiased result would average more than these four.
    expected = (np.array([1 * 8 + 1, 1 * 8 + 5, 5 * 8 + 1, 5 * 8 + 5]) + 4.5).repeat(3)
    np.testing.assert_allclose(made(image)[0], expected)


def test_preprocessing_is_each_familys_own():
    black, white = -np.ones((1, 1, 1, 3), np.float32), np.ones((1, 1, 1, 3), np.float32)
    mean = np.array([123.68, 116.78, 103.94])
    np.testing.assert_array_equal(PREPROCESSING["inception"](white), white)
    np.testing.assert_allclose(PREPROCESSING["vgg"](black)[0, 0, 0], -mean, rtol=1e-6)
    np.testing.assert_allclose(PREPROCESSING["vgg"](white)[0, 0, 0], 255 - mean, rtol=1e-6)
    scaled = PREPROCESSING["densenet"](white)[0, 0, 0]
    np.testing.assert_allclose(scaled, (255 - mean) * 0.017, rtol=1e-6)


def test_an_ensemble_is_the_mean_of_logits_and_of_the_auxiliary_logits_there_are():
    with_head, without = classifier("a", auxiliary=True)[0], classifier("b", side=5)[0]
    ensemble = models.Ensemble([with_head, without, with_head])
    images = np.full((2, 4, 4, 3), 0.5, np.float32)
    logits, auxiliary = ensemble.logits_and_aux(images)
    ramp = np.tile(0.5 * np.arange(11), (2, 1))
    np.testing.assert_allclose(logits, ramp, rtol=1e-6)
    np.testing.assert_allclose(auxiliary, 10 * ramp, rtol=1e-6)
    assert (ensemble.name, ensemble.num_classes, ensemble.label_offset) == ("a+b+a", 11, 0)
    assert models.Ensemble([without]).logits_and_aux(images)[1] is None


def test_networks_with_and_without_background_meet_on_the_labels_of_both():
    with_background = classifier("a")[0]
    without = classifier("b", num_classes=10, label_offset=1)[0]
    ensemble = models.Ensemble([with_background, without])
    assert (ensemble.num_classes, ensemble.label_offset) == (10, 1)
    logits = ensemble(np.full((1, 4, 4, 3), 0.5, np.float32))
    np.testing.assert_allclose(logits[0], 0.5 * np.arange(1, 11), rtol=1e-6)


def test_other_mixtures_make_no_ensemble():
    with pytest.raises(ModelError, match="different labels.*a 0-10, b 0-1000"):
        models.Ensemble([classifier("a")[0], classifier("b", num_classes=1001)[0]])
    with pytest.raises(ModelError, match="at least one"):
        models.Ensemble([])


def test_an_ensemble_has_the_gradient_of_the_mean():
    ensemble = models.Ensemble([classifier("a")[0], classifier("b", side=5)[0]])

    @tf.function
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(ensemble(images))
        return tape.gradient(total, images)

    # The sum of the ramp 0..10 over the 16 pixels, in the red channel alone.
    found = gradient(tf.zeros([1, 4, 4, 3]))
    np.testing.assert_allclose(found[0, :, :, 0].numpy().sum(), 55, rtol=1e-5)
    np.testing.assert_array_equal(found[..., 1:], 0)


FOLDED = {"a/weights": [1, 1, 2, 3], "a/BatchNorm/shift": [3], "b/scale": [3], "b/shift": [3]}


def test_what_a_checkpoint_must_hold_follows_from_the_folded_network():
    without = checkpoint_shapes(FOLDED, gamma=False)
    statistics = ("beta", "moving_mean", "moving_variance")
    norms = {f"{norm}/{what}": [3] for norm in ("a/BatchNorm", "b") for what in statistics}
    assert without == {"a/weights": [1, 1, 2, 3], **norms}
    gammas = {"a/BatchNorm/gamma": [3], "b/gamma": [3]}
    assert checkpoint_shapes(FOLDED, gamma=True) == {**without, **gammas}


@pytest.mark.parametrize("gamma", [False, True])
def test_folding_is_batch_norm(gamma):
    rng = np.random.default_rng(3)
    shapes = checkpoint_shapes(FOLDED, gamma)
    tensors = {name: rng.uniform(0.5, 2, shape) for name, shape in shapes.items()}
    folded = dict(fold(FOLDED, tensors, epsilon=0.25))

    def norm(x, scope):
        scale = tensors.get(f"{scope}/gamma", 1)
        normal = (x - tensors[f"{scope}/moving_mean"]) / np.sqrt(
            tensors[f"{scope}/moving_variance"] + 0.25
        )
        return normal * scale + tensors[f"{scope}/beta"]

    x, y = rng.standard_normal((5, 2)), rng.standard_normal((5, 3))
    kernel = tensors["a/weights"][0, 0]
    convolved = x @ folded["a/weights"][0, 0] + folded["a/BatchNorm/shift"]
    np.testing.assert_allclose(convolved, norm(x @ kernel, "a/BatchNorm"), rtol=1e-12, atol=1e-12)
    alone = y * folded["b/scale"] + folded["b/shift"]
    np.testing.assert_allclose(alone, norm(y, "b"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [({"preprocessing": "mine"}, "as_published.*mine"), ({"dtype": "float16"}, "float16")],
)
def test_unknown_options_are_refused(arguments, match, tmp_path):
    with pytest.raises(ModelError, match=match):
        models.load_classifier("inception_v3", tmp_path, **arguments)
