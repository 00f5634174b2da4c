"""The ImageNet-trained MobileNets on real photos."""

import csv

import numpy as np
import pytest
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
