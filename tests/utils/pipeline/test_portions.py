"""Batches that the memory doesn't suffice for: halves, down to one image, and then a sentence."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from data import read_dataset, write_image
from methods import AttackSettings
from models import Classifier
from tests.records import record_of
from utils.errors import RunError
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import craft
from utils.pipeline.folder import open_run_folder
from utils.pipeline.portions import Portions
from utils.pipeline.run import Run

SIDE, COUNT = 6, 19
WEIGHTS = np.random.default_rng(0).normal(size=(SIDE * SIDE * 3, 4)).astype(np.float32)


def source(limit):
    """A linear source whose memory suffices for so many images at once."""

    def forward(images):
        if images.shape[0] > limit:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        return tf.reshape(images, [-1, SIDE * SIDE * 3]) @ WEIGHTS, None

    return Classifier("linear", SIDE, SIDE, 4, 0, forward)


@pytest.fixture
def dataset(tmp_path):
    random = np.random.default_rng(1)
    rows = ["ImageId,TrueLabel"]
    for index in range(COUNT):
        write_image(tmp_path / f"i{index}.png", random.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
        rows.append(f"i{index},{1 + index % 3}")
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    return read_dataset(tmp_path / "a.csv", tmp_path, 10)


@pytest.fixture
def crafted(dataset, tmp_path):
    """Crafts with a source of so much memory; returns name -> bytes, and the groups of modes."""

    def run(name, limit, devices=("/CPU:0",), **flags):
        config = RunConfig(
            mode=("affine", "raw"), devices=len(devices), attack=AttackSettings(num_iter=2), **flags
        )
        with open_run_folder(tmp_path / name, tmp_path / name) as folder:
            records = craft(Run(record_of(config), dataset, folder), devices, lambda: source(limit))
            pngs = {
                str(path.relative_to(folder.path)): path.read_bytes()
                for path in folder.path.glob("*/*.png")
            }
        assert len(pngs) == 3 * COUNT
        return pngs, {tuple(record.group) for record in records.values()}

    return run


@pytest.mark.parametrize("label", ["true", "predicted"])
def test_a_batch_is_tried_in_halves_and_is_what_that_batch_size_makes(crafted, label, capsys):
    halved = crafted("halved", limit=6, batch_size=16, label=label)
    said = capsys.readouterr().out
    # Three modes of two images fit, but not of four.
    assert said.count("\n") == 1
    assert "the memory doesn't suffice for 16 images at once; --batch_size 2 fits" in said
    assert halved == crafted("small", limit=6, batch_size=2, label=label)
    assert halved[1] == {("sign", "affine", "raw")}
    assert capsys.readouterr().out == ""


def test_what_ends_above_three_images_goes_on_with_the_modes_apart(crafted, capsys):
    halved = crafted("halved", limit=2, batch_size=16)
    assert "--batch_size 1 fits, one mode at a time, and so it goes on" in capsys.readouterr().out
    assert halved[1] == {("sign",), ("affine",), ("raw",)}
    plain, _ = crafted("plain", limit=100, batch_size=16)
    # A linear source rounds an image the same beside any others.
    assert halved[0] == plain


def test_each_of_several_devices_gets_its_share(crafted, capsys):
    devices = ("/CPU:0", "/CPU:0")
    halved = crafted("halved", limit=6, devices=devices, batch_size=16)
    assert "--batch_size 4 fits" in capsys.readouterr().out
    assert halved == crafted("small", limit=6, devices=devices, batch_size=4)


def test_where_one_image_does_not_fit_one_sentence_says_so(crafted):
    with pytest.raises(RunError, match="doesn't suffice for one image of 6 pixels at a time: take"):
        crafted("none", limit=0, batch_size=4)


def test_what_was_written_before_stays(dataset, tmp_path):
    config = RunConfig(batch_size=4, mode=("sign",), attack=AttackSettings(num_iter=1))

    with open_run_folder(tmp_path / "run", tmp_path / "run") as folder:
        run = Run(record_of(config), dataset, folder)
        first = craft(
            dataclasses.replace(run, dataset=dataclasses.replace(dataset, **_first(dataset, 4))),
            ("/CPU:0",),
            lambda: source(4),
        )
        with pytest.raises(RunError):
            craft(run, ("/CPU:0",), lambda: source(0))
        assert {(each.mode, each.image_id): each for each in folder.crafted.read()} == first


def _first(dataset, count):
    names = ("ids", "paths", "true_labels")
    return {name: getattr(dataset, name)[:count] for name in names}


def test_other_errors_are_not_taken_for_it():
    def broken(_):
        raise ValueError("shape")

    portions = Portions(4)
    with pytest.raises(ValueError, match="shape"):
        portions.map(broken, np.zeros(4))
    assert portions.size == 4


def test_a_size_that_failed_is_not_tried_again(capsys):
    seen = []

    def limited(numbers):
        seen.append(len(numbers))
        if len(numbers) > 3:
            raise MemoryError
        return numbers

    portions = Portions(12)
    assert np.concatenate(portions.map(limited, np.arange(12))).tolist() == list(range(12))
    assert seen == [12, 6, 3, 3, 3, 3]
    # A short last portion is filled up.
    assert np.concatenate(portions.map(limited, np.arange(4))).tolist() == [0, 1, 2, 3, 3, 3]
    portions.tell()
    portions.tell()
    assert capsys.readouterr().out.count("--batch_size 3 fits") == 1
