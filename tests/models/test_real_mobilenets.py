"""The ImageNet-trained MobileNets on real photos."""

import csv

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import models


@pytest.fixture(scope="module")
def photos(shared):
    """float32 [300, 299, 299, 3] in [-1, 1] and the labels of the CSV."""
    with (shared / "imagenet" / "dev_dataset.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:300]
    folder = shared / "imagenet" / "images"
    images = [np.asarray(Image.open(folder / f"{row['ImageId']}.png")) for row in rows]
    return (
        np.stack(images).astype(np.float32) / 127.5 - 1,
        np.array([int(row["TrueLabel"]) for row in rows]),
    )


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("mobilenet_v2_1.0_224", 39), ("mobilenet_v1_1.0_224", 40), ("mobilenet_v1_0.5_160", 102)],
)
def test_clean_errors_are_those_found_independently(name, wrong, photos, shared):
    images, labels = photos
    classifier = models.load_classifier(name, shared / "imagenet" / "checkpoints")
    predicted = [
        np.argmax(classifier(images[start : start + 50]), axis=1) for start in range(0, 300, 50)
    ]
    assert abs(np.sum(np.concatenate(predicted) + classifier.label_offset != labels) - wrong) <= 2


def test_bfloat16_nearly_agrees_and_still_gives_float32(photos, shared):
    images, labels = tf.constant(photos[0][:16]), tf.constant(photos[1][:16])
    answers = []
    for dtype in ("float32", "bfloat16"):
        checkpoints = shared / "imagenet" / "checkpoints"
        classifier = models.load_classifier("mobilenet_v2_1.0_224", checkpoints, dtype=dtype)
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = classifier(images)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        assert logits.dtype == tf.float32
        answers.append((logits.numpy(), tape.gradient(loss, images).numpy()))
    (logits, gradient), (rough_logits, rough_gradient) = answers
    assert not np.array_equal(logits, rough_logits)
    assert np.mean(np.argmax(logits, axis=1) == np.argmax(rough_logits, axis=1)) >= 0.9
    cosine = np.vdot(gradient, rough_gradient)
    cosine /= np.linalg.norm(gradient) * np.linalg.norm(rough_gradient)
    assert 0.85 < cosine < 0.99999
