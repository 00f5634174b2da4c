"""The demo zoo's networks: their form, their committed checkpoints and how they are trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import models
from models.nets import layers
from models.preprocessing import PREPROCESSING
from models.zoo import NETWORKS
from scripts import make_demo_images as demo
from scripts import train_demo_zoo as training

tf1 = tf.compat.v1
DEMO = Path(__file__).parents[2] / "data" / "demo"
CHECKPOINTS = DEMO / "checkpoints"
NAMES = [name for name, row in NETWORKS.items() if row.zoo == "demo"]


@pytest.fixture(scope="module")
def reporting_set():
    """The 300 committed images, float32 in [-1, 1], and their labels."""
    images, labels = demo.make_set(demo.REPORTING, 300)
    return training.to_float(images), labels


def unfolded_logits(name, images):
    """Logits of a committed network as it was trained: batch norm still in it."""
    row = NETWORKS[name]
    with tf.Graph().as_default(), layers.training_scope(is_training=False):
        batch = tf.constant(images)
        outputs = row.builder(PREPROCESSING[row.preprocessing](batch), row.num_classes)
        with tf1.Session() as session:
            tf1.train.Saver().restore(session, str(CHECKPOINTS / f"{name}.ckpt"))
            return [session.run(x) for x in outputs if x is not None]


def test_zoo_and_recipes_hold_the_same_networks():
    assert set(NAMES) == set(training.RECIPES)


def test_adversarially_trained_rows_are_those_with_sources():
    for name, recipe in training.RECIPES.items():
        kind = {0: "normally", 1: "adversarially"}.get(
            len(recipe.sources), "ensemble adversarially"
        )
        assert NETWORKS[name].trained == kind


@pytest.mark.parametrize("name", NAMES)
def test_committed_checkpoint_is_small_and_holds_the_model_alone(name):
    reader = tf.train.load_checkpoint(str(CHECKPOINTS / f"{name}.ckpt"))
    shapes = reader.get_variable_to_shape_map()
    assert all(variable.startswith(NETWORKS[name].scope + "/") for variable in shapes)
    assert not any("Adam" in variable for variable in shapes)
    assert all(dtype == tf.float32 for dtype in reader.get_variable_to_dtype_map().values())
    assert 100_000 < sum(int(np.prod(shape)) for shape in shapes.values()) < 350_000


@pytest.mark.parametrize("name", NAMES)
def test_committed_checkpoint_classifies_images_it_never_saw(name, reporting_set):
    images, labels = reporting_set
    classifier = models.load_classifier(name, CHECKPOINTS)
    logits = np.concatenate([classifier(images[i : i + 100]).numpy() for i in (0, 100, 200)])
    accuracy = np.mean(logits.argmax(axis=1) + classifier.label_offset == labels)
    assert accuracy >= 0.95


@pytest.mark.filterwarnings("ignore:.*layer.apply.*:UserWarning")
@pytest.mark.parametrize("name", NAMES)
def test_folded_network_is_the_trained_one(name, reporting_set):
    images = reporting_set[0][:8]
    classifier = models.load_classifier(name, CHECKPOINTS)
    folded = [x.numpy() for x in classifier.logits_and_aux(tf.constant(images)) if x is not None]
    trained = unfolded_logits(name, images)
    assert len(folded) == len(trained) == (2 if NETWORKS[name].family == "Inception v3" else 1)
    for ours, theirs in zip(folded, trained, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def test_demo_data_is_small():
    size = sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file())
    assert size < 12e6


def test_batches_show_every_image_once_before_any_twice():
    count = 2 * training.BATCH_SIZE
    images = np.zeros((count, 64, 64, 3), np.uint8)
    feed = training.batches(np.random.default_rng(0), images, np.arange(count), steps=4)
    seen = [labels for _, labels in feed]
    for half in (seen[:2], seen[2:]):
        assert sorted(np.concatenate(half)) == list(range(count))


def test_training_learns_and_saves_what_the_loader_reads(tmp_path, monkeypatch):
    # So few steps need moving averages that move faster.
    monkeypatch.setattr(layers, "MOVING_AVERAGE_DECAY", 0.7)
    # Bright noise and dark noise, which a few steps can tell apart.
    rng = np.random.default_rng(0)
    labels = np.tile(np.array([3, 7], np.int32), 64)
    images = np.where(labels[:, None, None, None] == 3, 170, 80) + rng.integers(
        -40, 40, (128, 64, 64, 3)
    )
    images = images.astype(np.uint8)
    name = "demo_mobilenet"
    normal = replace(training.RECIPES[name], steps=40, learning_rate=1e-3)
    model = training.train(name, normal, images, labels, tmp_path)
    assert model.accuracy(images, labels) > 95.0
    model.save(tmp_path / f"{name}.ckpt")
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.ckpt.index",
        f"{name}.ckpt.data-00000-of-00001",
    }
    classifier = models.load_classifier(name, tmp_path)
    predicted = classifier(training.to_float(images)).numpy().argmax(axis=1)
    assert 100.0 * np.mean(predicted == labels) == model.accuracy(images, labels)

    ensemble = replace(normal, steps=2, sources=(name, training.ITSELF))
    hardened = training.train(name, ensemble, images, labels, tmp_path)
    floats = training.to_float(images[:4])
    epsilon = np.array([0.0, 4.0, 8.0, 16.0], np.float32)
    crafted = hardened.craft(floats, epsilon)
    spent = np.abs(crafted - floats).max(axis=(1, 2, 3)) * 127.5
    assert spent == pytest.approx(epsilon, abs=1e-3)
