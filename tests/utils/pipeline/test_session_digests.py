"""A checkpoint's digest is remembered as long as its files are the same, and no longer."""

import os

import pytest

import models
from utils.pipeline.session import Session


@pytest.fixture
def checkpoint(tmp_path):
    file = tmp_path / "net.ckpt"
    file.write_bytes(b"1" * 64)
    return file


def test_it_is_read_once(checkpoint, monkeypatch):
    session = Session()
    first = session.digest(checkpoint)
    monkeypatch.setattr(models, "checkpoint_sha256", None)
    assert session.digest(checkpoint) == first


def test_other_bytes_of_the_same_size_and_date_are_seen(checkpoint):
    """Only the time of the last change of the file itself can't be set back."""
    session, before = Session(), checkpoint.stat()
    first = session.digest(checkpoint)
    # Clocks of file systems go in steps.
    while checkpoint.stat().st_ctime_ns == before.st_ctime_ns:
        checkpoint.write_bytes(b"2" * 64)
    os.utime(checkpoint, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = checkpoint.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert session.digest(checkpoint) == models.checkpoint_sha256(checkpoint) != first


def test_another_file_under_the_name_is_seen(checkpoint, tmp_path):
    session = Session()
    first = session.digest(checkpoint)
    (tmp_path / "other").write_bytes(b"2" * 64)
    os.replace(tmp_path / "other", checkpoint)
    assert session.digest(checkpoint) == models.checkpoint_sha256(checkpoint) != first
