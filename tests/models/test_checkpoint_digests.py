"""A checkpoint's digest is remembered as long as its files are the same, and no longer."""

import hashlib
import os

import pytest

from models import checkpoint_sha256
from utils import hashes


@pytest.fixture
def checkpoint(tmp_path):
    file = tmp_path / "net.ckpt"
    file.write_bytes(b"1" * 64)
    return file


def read_anew(checkpoint):
    return {checkpoint.name: hashlib.sha256(checkpoint.read_bytes()).hexdigest()}


def test_it_is_read_once(checkpoint, monkeypatch):
    first = checkpoint_sha256(checkpoint)
    monkeypatch.setattr(hashes, "sha256_of", None)
    assert checkpoint_sha256(checkpoint) == first


def test_other_bytes_of_the_same_size_and_date_are_seen(checkpoint):
    """Only the time of the last change of the file itself can't be set back."""
    before = checkpoint.stat()
    first = checkpoint_sha256(checkpoint)
    # Clocks of file systems go in steps.
    while checkpoint.stat().st_ctime_ns == before.st_ctime_ns:
        checkpoint.write_bytes(b"2" * 64)
    os.utime(checkpoint, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = checkpoint.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert checkpoint_sha256(checkpoint) == read_anew(checkpoint) != first


def test_another_file_under_the_name_is_seen(checkpoint, tmp_path):
    first = checkpoint_sha256(checkpoint)
    (tmp_path / "other").write_bytes(b"2" * 64)
    os.replace(tmp_path / "other", checkpoint)
    assert checkpoint_sha256(checkpoint) == read_anew(checkpoint) != first
