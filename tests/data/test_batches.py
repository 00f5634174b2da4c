import hashlib

import numpy as np
import pytest

from data import batches, write_image
from utils.errors import DataError


@pytest.fixture
def paths(tmp_path):
    found = []
    for index in range(7):
        found.append(tmp_path / f"{index}.png")
        write_image(found[-1], np.full((4, 4, 3), index, np.uint8))
    return found


def test_every_batch_has_one_shape_and_the_last_repeats_its_last_image(paths):
    found = list(batches(paths, 3))
    assert [(batch.start, batch.count) for batch in found] == [(0, 3), (3, 3), (6, 1)]
    assert {batch.pixels.shape for batch in found} == {(3, 4, 4, 3)}
    assert [batch.pixels[:, 0, 0, 0].tolist() for batch in found] == [[0, 1, 2], [3, 4, 5], [6] * 3]
    digests = [digest for batch in found for digest in batch.sha256]
    assert digests == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def test_only_the_batches_asked_for_are_read(paths):
    paths[0].unlink()
    assert [batch.start for batch in batches(paths, 3, [3, 6])] == [3, 6]
    assert list(batches(paths, 3, [])) == []


def test_errors_name_the_image(paths):
    write_image(paths[4], np.zeros((5, 5, 3), np.uint8))
    with pytest.raises(DataError, match=r"4\.png has a side of 5 pixels, .*3\.png one of 4"):
        list(batches(paths, 3))
    paths[1].write_bytes(b"text")
    with pytest.raises(DataError, match=r"1\.png is not a PNG"):
        next(batches(paths, 3))
    paths[1].unlink()
    with pytest.raises(DataError, match=r"1\.png can't be read"):
        next(batches(paths, 3))
