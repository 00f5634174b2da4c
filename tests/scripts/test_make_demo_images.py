"""The demo images: drawn the same every time, and the committed ones are what the script draws."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts import make_demo_images as demo

DEMO = Path(__file__).parents[2] / "data" / "demo"


def committed_rows():
    with (DEMO / "dev_dataset.csv").open() as file:
        return list(csv.DictReader(file))


def test_an_image_depends_on_its_seed_and_index_alone():
    images, labels = demo.make_set(demo.VALIDATION, 12)
    assert images.shape == (12, 64, 64, 3) and images.dtype == np.uint8
    assert np.array_equal(demo.draw_image(demo.VALIDATION, 11), images[11])
    assert labels.tolist() == [*range(1, 11), 1, 2]


def test_the_three_sets_share_no_image():
    drawn = [demo.draw_image(s, 0) for s in (demo.TRAINING, demo.VALIDATION, demo.REPORTING)]
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[1], drawn[2])
    assert not np.array_equal(drawn[0], drawn[2])


@pytest.mark.parametrize("index", [0, 1, 8, 137, 299])
def test_committed_images_are_what_the_script_draws(index):
    with Image.open(DEMO / "images" / f"{demo.image_id(index)}.png") as image:
        assert image.mode == "RGB"
        committed = np.asarray(image).astype(int)
    difference = np.abs(committed - demo.draw_image(demo.REPORTING, index))
    # Another processor's sine may differ in the last bit, and so, rarely, one rounding.
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 1e-3


def test_committed_csv_is_what_the_script_writes():
    assert (DEMO / "dev_dataset.csv").read_text() == demo.csv_text(demo.REPORTING, 300)


def test_committed_csv_has_valid_labels_and_targets_and_an_image_per_row():
    rows = committed_rows()
    assert tuple(rows[0]) == demo.CSV_COLUMNS
    for row in rows:
        label, target = int(row["TrueLabel"]), int(row["TargetClass"])
        assert 1 <= label <= 10 and 1 <= target <= 10 and label != target
    assert {f"{row['ImageId']}.png" for row in rows} == {
        path.name for path in (DEMO / "images").iterdir()
    }


def test_class_names_start_with_background():
    names = (DEMO / "class_names.txt").read_text().splitlines()
    assert names == ["background", *demo.CLASSES]


def test_csv_has_the_columns_of_imagenets(shared):
    with (shared / "imagenet" / "dev_dataset.csv").open() as file:
        assert tuple(next(csv.reader(file))) == demo.CSV_COLUMNS


def test_shapes_have_the_contrast_asked_for():
    high = demo.ImageSet(seed=5, contrast=(0.2, 0.2), noise=(0.0, 0.0))
    low = demo.ImageSet(seed=5, contrast=(0.1, 0.1), noise=(0.0, 0.0))
    # The same draws but for the contrast: what differs is the shape, by half its contrast.
    difference = demo.draw_image(high, 0).astype(float) - demo.draw_image(low, 0)
    per_pixel = np.sqrt(np.mean((difference / 255.0) ** 2, axis=2))
    assert per_pixel.max() == pytest.approx(0.1, abs=0.01)


def test_write_reporting_set(tmp_path):
    demo.write_reporting_set(tmp_path, 3)
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == [
        "demo0000.png",
        "demo0001.png",
        "demo0002.png",
    ]
    assert (tmp_path / "dev_dataset.csv").read_text() == demo.csv_text(demo.REPORTING, 3)
    with Image.open(tmp_path / "images" / "demo0002.png") as image:
        assert np.array_equal(np.asarray(image), demo.draw_image(demo.REPORTING, 2))
