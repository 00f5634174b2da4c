"""Crafting with a linear source: what is made, made again, and refused."""

import json

import numpy as np
import pytest
import tensorflow as tf
from records import record_of

from data import read_dataset, read_image, write_image
from methods import AttackSettings
from models import Classifier
from utils.errors import Interrupted, RunError, UsageError
from utils.interruption import Interruption
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import craft
from utils.pipeline.folder import open_run_folder
from utils.pipeline.run import Run

SIDE, COUNT = 6, 5
DEVICES = ("/CPU:0",)
WEIGHTS = np.random.default_rng(0).normal(size=(SIDE * SIDE * 3, 4)).astype(np.float32)


def classifier(weights=WEIGHTS, label_offset=0):
    def forward(images):
        return tf.reshape(images, [-1, SIDE * SIDE * 3]) @ weights, None

    return Classifier("linear", SIDE, SIDE, 4, label_offset, forward)


@pytest.fixture
def dataset(tmp_path):
    random = np.random.default_rng(1)
    rows = ["ImageId,TrueLabel,TargetClass"]
    for index in range(COUNT):
        pixels = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        write_image(tmp_path / f"i{index}.png", pixels)
        rows.append(f"i{index},{1 + index % 3},{1 + (index + 1) % 3}")
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    return read_dataset(tmp_path / "a.csv", tmp_path, 10)


@pytest.fixture
def folder(tmp_path):
    with open_run_folder(tmp_path / "run", tmp_path / "run") as found:
        yield found


def settings(**flags):
    attack = {name: flags.pop(name) for name in ("targeted", "max_epsilon") if name in flags}
    return RunConfig(batch_size=2, **flags, attack=AttackSettings(num_iter=2, **attack))


def make(config, dataset, folder, source=None):
    loaded = []

    def load():
        loaded.append(True)
        return source or classifier()

    run = Run(record_of(config), dataset, folder)
    return craft(run, DEVICES, load), bool(loaded)


def losses(dataset, folder, mode, labels):
    """The linear source's cross-entropy of each image of a mode."""
    pixels = np.stack([read_image(folder.png(mode, i)) for i in dataset.ids])
    logits = classifier()(pixels.astype(np.float32) / 127.5 - 1)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits).numpy()


def test_every_image_gets_a_png_and_a_record(dataset, folder):
    records, loaded = make(settings(), dataset, folder)
    assert loaded
    assert list(records) == [(mode, i) for mode in ("affine", "sign") for i in dataset.ids]
    assert {(each.mode, each.image_id): each for each in folder.crafted.read()} == records
    assert records["sign", "i4"].group == ["sign", "affine"]
    assert len(records["sign", "i0"].cosine) == 2
    for (mode, image_id), path in zip(records, dataset.paths * 2, strict=True):
        difference = read_image(folder.png(mode, image_id)).astype(int) - read_image(path)
        assert 0 < np.abs(difference).max() <= 16


def test_untargeted_climbs_and_targeted_descends(dataset, folder, tmp_path):
    for image_id, path in zip(dataset.ids, dataset.paths, strict=True):
        write_image(folder.png("clean", image_id), read_image(path))
    make(settings(), dataset, folder)
    clean = losses(dataset, folder, "clean", dataset.true_labels)
    assert (losses(dataset, folder, "sign", dataset.true_labels) > clean).all()
    with open_run_folder(tmp_path / "targeted", tmp_path / "targeted") as other:
        make(settings(targeted=True), dataset, other)
        clean = losses(dataset, folder, "clean", dataset.target_classes)
        assert (losses(dataset, other, "sign", dataset.target_classes) < clean).all()


def test_finished_work_needs_no_source_and_one_lost_png_only_its_batch(dataset, folder):
    first, _ = make(settings(), dataset, folder)
    again, loaded = make(settings(), dataset, folder)
    assert not loaded and again == first
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.path.glob("*/*.png")
    }
    folder.png("sign", "i2").unlink()
    again, loaded = make(settings(), dataset, folder)
    assert loaded and again == first
    changed = {
        path
        for path, (content, made) in before.items()
        if path.read_bytes() != content or path.stat().st_mtime_ns != made
    }
    # The batch of i2 and i3 was made again, to the same bytes.
    assert changed == {folder.png("sign", "i2"), folder.png("sign", "i3")}
    assert all(path.read_bytes() == content for path, (content, _) in before.items())


def test_a_lost_png_is_made_beside_what_it_was_made_with_and_a_new_mode_by_itself(dataset, folder):
    seen = []

    def counted(images):
        tf.numpy_function(lambda batch: seen.append(len(batch)), [images], [])
        return classifier().forward(images)

    source = Classifier("linear", SIDE, SIDE, 4, 0, counted)
    make(settings(mode=("affine", "test")), dataset, folder, source)
    # Batches of 2, 2 iterations: all modes' first gradient, then the three modes' second.
    assert seen == 3 * [2, 6]
    assert all(r.group == ["sign", "affine", "test"] for r in folder.crafted.read())
    seen.clear()
    folder.png("affine", "i4").unlink()
    make(settings(mode=("raw", "affine", "test")), dataset, folder, source)
    # Of the third batch, affine again beside the others; of every batch, raw by itself.
    assert seen == 2 * [2, 2] + [2, 6, 2, 2]


def test_records_that_are_forged_or_foreign_are_not_believed(dataset, folder):
    make(settings(), dataset, folder)
    journal = folder.path / ".progress" / "crafted.jsonl"
    record = folder.crafted.read()[0].model_dump()
    forged = [
        record | {"mode": "../../x"},
        record | {"image_id": "../i0"},
        {"mode": "sign"},
        record | {"group": [["sign"]]},
        record | {"group": ["x"]},
        record | {"cosine": "x"},
    ]
    journal.write_text(journal.read_text() + "\n".join(map(json.dumps, forged)) + "\n")
    assert not make(settings(), dataset, folder)[1]
    journal.unlink()
    assert make(settings(), dataset, folder)[1]


def test_the_result_depends_on_neither_batch_size_nor_order(dataset, folder, tmp_path):
    flags = {"method": "m", "mode": ("affine", "random")}
    make(settings(**flags), dataset, folder)
    config = RunConfig(**flags, batch_size=5, attack=AttackSettings(num_iter=2))
    with open_run_folder(tmp_path / "other", tmp_path / "other") as other:
        make(config, dataset, other)
        for path in folder.path.glob("*/*.png"):
            same = other.path / path.relative_to(folder.path)
            assert np.abs(read_image(path).astype(int) - read_image(same)).max() <= 1


def test_a_gradient_that_is_not_finite_names_the_image(dataset, folder):
    broken = np.full_like(WEIGHTS, np.nan)
    with pytest.raises(RunError, match=r"The gradient of image i0 \(mode sign\) is not finite"):
        make(settings(), dataset, folder, classifier(broken))
    assert not list(folder.path.glob("*/*.png"))


def test_labels_that_the_source_does_not_know(dataset, folder):
    with pytest.raises(UsageError, match="--source linear knows the labels 2 to 5"):
        make(settings(), dataset, folder, classifier(label_offset=2))


def test_predicted_labels_are_the_sources_own(dataset, folder, tmp_path):
    make(settings(label="predicted", mode=("sign",)), dataset, folder)
    images = np.stack([read_image(path) for path in dataset.paths]).astype(np.float32) / 127.5 - 1
    predicted = np.argmax(classifier()(images), axis=1)
    assert (predicted != dataset.true_labels).any()
    for image_id, path in zip(dataset.ids, dataset.paths, strict=True):
        write_image(folder.png("clean", image_id), read_image(path))
    gained = losses(dataset, folder, "sign", predicted) - losses(
        dataset, folder, "clean", predicted
    )
    assert (gained > 0).all()


def test_an_interruption_keeps_what_is_crafted(dataset, folder):
    class AtOnce(Interruption):
        def check(self):
            raise Interrupted("Stopped.", 130)

    with pytest.raises(Interrupted):
        craft(Run(record_of(settings()), dataset, folder, AtOnce()), DEVICES, classifier)
    records = folder.crafted.read()
    assert {record.image_id for record in records} == {"i0", "i1"}
    assert len(list(folder.path.glob("*/*.png"))) == len(records) == 4


def test_records_of_an_older_folder_count(dataset, folder):
    make(settings(), dataset, folder)
    journal = folder.path / ".progress" / "crafted.jsonl"
    journal.write_text(journal.read_text().replace('"group"', '"beside"'))
    assert '"beside"' in journal.read_text() and '"group"' not in journal.read_text()
    assert not make(settings(), dataset, folder)[1]
