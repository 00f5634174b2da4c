import itertools
import tracemalloc

import numpy as np
import pytest
from pngs import SIGNATURE, header, pixel_data, png_of

from data import dataset as dataset_module
from data import read_dataset
from utils.errors import DataError

ROWS = [("a", 1, 2), ("b-1", 2, 3), ("c.d_2", 10, 1)]
HEADER = "ImageId,TrueLabel,TargetClass"


def write_csv(path, rows, header_line=HEADER):
    path.write_text("\n".join([header_line, *(",".join(map(str, row)) for row in rows), ""]))
    return path


@pytest.fixture
def folder(tmp_path):
    """Three images of 8 pixels and their CSV."""
    content = png_of(np.zeros((8, 8, 3), np.uint8))
    for image_id, _, _ in ROWS:
        (tmp_path / f"{image_id}.png").write_bytes(content)
    write_csv(tmp_path / "a.csv", ROWS)
    return tmp_path


def read(folder, **options):
    return read_dataset(folder / "a.csv", folder, 10, **options)


def test_a_sound_folder(folder):
    found = read(folder)
    assert found.ids == ("a", "b-1", "c.d_2") and len(found) == 3
    assert found.paths == tuple(folder / f"{i}.png" for i in found.ids)
    assert found.true_labels.tolist() == [1, 2, 10] and found.true_labels.dtype == np.int32
    assert found.target_classes.tolist() == [2, 3, 1]
    assert (found.side, found.skipped) == (8, 0)


def test_the_demo_and_the_real_csv(demo, shared):
    found = read_dataset(demo / "dev_dataset.csv", demo / "images", 10)
    assert len(found) >= 200 and found.side == 64
    real = shared / "imagenet"
    found = read_dataset(real / "dev_dataset.csv", real / "images", 1000, skip_missing=True)
    assert (len(found), found.skipped, found.side) == (300, 700, 299)
    assert found.true_labels.min() >= 1 and found.target_classes.max() <= 1000


def test_limit_and_missing_images(folder):
    assert read(folder, limit=2).ids == ("a", "b-1")
    (folder / "a.png").unlink()
    with pytest.raises(DataError, match=r"a\.png is missing \(1 in all\).*--skip_missing_images"):
        read(folder)
    found = read(folder, skip_missing=True, limit=2)
    assert found.ids == ("b-1", "c.d_2") and found.skipped == 1
    for path in folder.glob("*.png"):
        path.unlink()
    with pytest.raises(DataError, match="check --input_dir"):
        read(folder, skip_missing=True)
    with pytest.raises(DataError, match="--input_dir .* is no folder"):
        read_dataset(folder / "a.csv", folder / "none", 10)


def test_without_target_class(folder):
    write_csv(folder / "a.csv", [row[:2] for row in ROWS], "ImageId,TrueLabel")
    assert read(folder).target_classes is None
    with pytest.raises(DataError, match="no column TargetClass"):
        read(folder, targeted=True)
    write_csv(folder / "a.csv", [("a", 1, ""), ("b-1", 2, 3)])
    assert read(folder).target_classes is None
    with pytest.raises(DataError, match="row 1: TargetClass is ''"):
        read(folder, targeted=True)


def test_a_target_must_be_another_class(folder):
    write_csv(folder / "a.csv", [("a", 1, 2), ("b-1", 2, 2)])
    assert len(read(folder)) == 2
    with pytest.raises(DataError, match=r"row 2: TargetClass equals TrueLabel \(2\)"):
        read(folder, targeted=True)


BAD_IDS = [
    "=cmd",
    "+1",
    "-1",
    "@a",
    "../a",
    "..",
    ".hidden",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "C:a",
    "",
    " a",
    "a b",
    "a\tb",
    "é",
    "a" * 201,
    "$(id)",
    "a\u202eb",
]


@pytest.mark.parametrize("image_id", BAD_IDS)
def test_ids_that_climb_or_run_are_refused(folder, image_id):
    write_csv(folder / "a.csv", [("a", 1, 2), (image_id, 1, 2)])
    with pytest.raises(DataError, match="row 2: ImageId .* can't be a file name"):
        read(folder)


def test_duplicate_ids_are_named(folder):
    write_csv(folder / "a.csv", [*ROWS, ROWS[0]])
    with pytest.raises(DataError, match="ImageId a stands in rows 1 and 4"):
        read(folder)


@pytest.mark.parametrize("label", ["0", "11", "-1", "1.0", "", " 1", "nan", "1e1", "9" * 30, "١"])
def test_labels_out_of_range(folder, label):
    write_csv(folder / "a.csv", [("a", label, 2)])
    with pytest.raises(DataError, match="row 1: TrueLabel is .* whole number from 1 to 10"):
        read(folder)


def test_another_side_is_named(folder):
    (folder / "b-1.png").write_bytes(png_of(np.zeros((9, 9, 3), np.uint8)))
    with pytest.raises(DataError, match=r"b-1\.png has a side of 9 pixels, a\.png one of 8"):
        read(folder)


def test_a_bomb_is_refused_before_anything_is_decoded(folder):
    (folder / "b-1.png").write_bytes(SIGNATURE + header(60000, 60000) + pixel_data(1, 3))
    with pytest.raises(DataError, match="60000 x 60000"):
        read(folder)


def test_ten_million_rows_are_refused_in_little_memory(folder):
    path = folder / "a.csv"
    # Sparse beyond the rows that are read: as long as ten million, on no disk space.
    write_csv(path, ((f"i{n}", 1, 2) for n in range(dataset_module._MAX_ROWS + 5000)))
    with open(path, "r+b") as file:
        file.truncate(10_000_000 * 17)
    tracemalloc.start()
    with pytest.raises(DataError, match="more than 100000 rows"):
        read(folder, skip_missing=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20


def test_limit_reads_no_further_than_it_needs(folder, monkeypatch):
    def rows(path, columns):
        for number in itertools.count(1):
            assert number <= 3
            yield number, dict(zip(HEADER.split(","), map(str, ROWS[number - 1]), strict=True))

    monkeypatch.setattr(dataset_module, "read_rows", rows)
    assert len(read(folder, limit=2)) == 2
