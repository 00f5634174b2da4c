"""Mutated label files: a dataset or a BenchError. HOSTILE_EXAMPLES sets how many."""

import os
import random

import numpy as np
import pytest

from data import read_dataset, write_image
from utils.errors import BenchError

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "500"))
NAMES = ("NA", "nan", "null", "None", "1e5", "007", "true")


@pytest.fixture
def images(tmp_path):
    for name in NAMES:
        write_image(tmp_path / f"{name}.png", np.zeros((4, 4, 3), np.uint8))
    return tmp_path


def test_ids_that_look_like_values_are_names(images):
    rows = "".join(f"{name},{i}\n" for i, name in enumerate(NAMES, 1))
    (images / "a.csv").write_text("ImageId,TrueLabel\n" + rows)
    dataset = read_dataset(images / "a.csv", images, 10)
    assert dataset.ids == NAMES and dataset.true_labels.tolist() == list(range(1, 8))


def test_mutated_label_files(images):
    draws, path = random.Random(0), images / "a.csv"
    sound = b"ImageId,TrueLabel,TargetClass\n" + b"".join(b"%s,1,2\r\n" % n.encode() for n in NAMES)
    pieces = [b'"', b",", b"\n", b"\0", b"\xff", b"../", b"=", b"9" * 20, b"\r", b""]
    for _ in range(EXAMPLES):
        content = bytearray(sound)
        for _ in range(draws.randint(1, 4)):
            place = draws.randrange(len(content))
            content[place : place + draws.randint(0, 3)] = draws.choice(pieces)
        path.write_bytes(content)
        try:
            dataset = read_dataset(path, images, 10, skip_missing=draws.random() < 0.5)
        except BenchError:
            continue
        assert set(dataset.ids) <= set(NAMES) and all(1 <= x <= 10 for x in dataset.true_labels)
