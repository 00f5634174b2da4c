import hashlib
import os

import pytest

from utils import files as files_module
from utils.errors import DataError
from utils.files import sha256_of, write_atomically


def test_sha256_of_a_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc" * 1_000_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 1_000_000).hexdigest()
    with pytest.raises(DataError, match="none can't be read"):
        sha256_of(tmp_path / "none")


def test_writes_replace_the_whole_file(tmp_path):
    path = tmp_path / "new" / "a"
    write_atomically(path, b"first")
    write_atomically(path, b"2")
    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(path.parent) == ["a"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a"
    write_atomically(path, b"old")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files_module.os, step, fail)
    with pytest.raises(
        DataError, match="a can't be written: No space left on device.*--output_dir"
    ):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(DataError, match="can't be written"):
        write_atomically(tmp_path / "a" / "b", b"x")
