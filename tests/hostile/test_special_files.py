"""Pipes, devices, sockets and folders in the place of a file: said so, and never waited for."""

import os
import signal
import socket

import pytest

import models
from data import read_dataset, read_image
from data.images import png_side
from utils.errors import BenchError
from utils.files import sha256_of

KINDS = ["pipe", "device", "socket", "folder"]


@pytest.fixture(autouse=True)
def no_waiting():
    """Whatever hangs fails."""
    signal.alarm(60)
    yield
    signal.alarm(0)


def put(kind, path):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        folder = os.getcwd()
        os.chdir(path.parent)  # a socket's path has about 100 bytes
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
        os.chdir(folder)
    else:
        path.mkdir()
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("read", [read_image, png_side, sha256_of])
def test_what_is_no_regular_file_is_not_read(kind, read, tmp_path):
    with pytest.raises(BenchError, match="can't be read"):
        read(put(kind, tmp_path / "a.png"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_dataset_of_it(kind, tmp_path):
    (tmp_path / "a.csv").write_text("ImageId,TrueLabel\na,1\n")
    put(kind, tmp_path / "a.png")
    with pytest.raises(BenchError):
        read_dataset(tmp_path / "a.csv", tmp_path, 10)
    with pytest.raises(BenchError):
        read_dataset(put(kind, tmp_path / "b.csv"), tmp_path, 10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", ["", ".index", ".data-00000-of-00001"])
def test_a_checkpoint_of_it(kind, part, tmp_path):
    prefix = tmp_path / "demo_vgg.ckpt"
    put(kind, tmp_path / f"demo_vgg.ckpt{part}")
    if part.startswith(".data"):
        (tmp_path / "demo_vgg.ckpt.index").write_bytes(b"x")
    for path in (tmp_path, prefix):
        with pytest.raises(BenchError):
            models.load_classifier("demo_vgg", path)
