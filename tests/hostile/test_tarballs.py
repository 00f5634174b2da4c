"""Tarballs that unpack to more than a checkpoint, and mutated ones. HOSTILE_EXAMPLES sets how many.

Nothing of them is left, and what they claim is never read into memory nor written to the disk.
"""

import functools
import gzip
import io
import os
import random
import resource
import shutil
import tarfile

import numpy as np
import pytest

import models
from models.costs import weight_bytes
from models.sizes import most_bytes
from scripts import fetch_checkpoints
from utils.errors import ModelError

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "300"))
NETWORK = models.NETWORKS["mobilenet_v1_0.25_128"]
NAME = f"{NETWORK.name}.ckpt.data-00000-of-00001"
HUGE = 2 << 30
END = bytes(1024)


def _header(name=NAME, size=0, kind=tarfile.REGTYPE, sparse=None):
    """A member's header; with `sparse`, one of GNU tar that is empty and claims to be so long."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    block = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    if sparse is not None:
        # A piece of no bytes at the file's end, then the length that it claims.
        block[386:410] = b"%011o\0%011o\0" % (sparse, 0)
        block[483:495] = b"%011o\0" % sparse
        block[148:156] = b"        "
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _pax(records):
    text = b""
    for key, value in records.items():
        line = f" {key}={value}\n".encode()
        length = len(line) + len(str(len(line) + 2))
        text += str(length).encode() + line
    return _header("x", len(text), tarfile.XHDTYPE) + text.ljust(512, b"\0")


BOMBS = {
    "a sparse file of GNU tar": _header(kind=tarfile.GNUTYPE_SPARSE, sparse=HUGE),
    "a sparse file in PAX 0.1": _pax({"GNU.sparse.map": f"{HUGE},0", "GNU.sparse.size": HUGE})
    + _header(),
    "a sparse file in PAX 1.0": _pax(
        {"GNU.sparse.major": 1, "GNU.sparse.minor": 0, "GNU.sparse.realsize": HUGE}
    )
    + _header(size=512)
    + f"1\n{HUGE}\n0\n".encode().ljust(512, b"\0"),
    "a file of gigabytes": _header(size=HUGE),
    "another file of terabytes in front": _header("x", 1 << 32) + END,
    "a PAX header of gigabytes": _header("x", HUGE, tarfile.XHDTYPE),
    "a name of gigabytes": _header("x", HUGE, tarfile.GNUTYPE_LONGNAME),
    "a size below zero that leads back": _header("x") + _pax({"size": "-1536"}) + _header("y"),
    "a name of less than nothing": _header("x", -1536, tarfile.GNUTYPE_LONGNAME),
}


@pytest.fixture(scope="module", autouse=True)
def imported(tmp_path_factory):
    """What the first tarball has imported isn't taken for what it was unpacked to."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "a.tar.gz").write_bytes(gzip.compress(END))
    with pytest.raises(ModelError):
        fetch_checkpoints.unpack(folder / "a.tar.gz", NETWORK, folder)


@pytest.mark.parametrize("kind", BOMBS)
def test_a_few_bytes_never_become_gigabytes(tmp_path, kind):
    tarball, folder = tmp_path / "a.tar.gz", tmp_path / "unpacked"
    tarball.write_bytes(gzip.compress(BOMBS[kind] + END))
    folder.mkdir()
    assert tarball.stat().st_size < 300
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match="larger than|holds no|damaged"):
        fetch_checkpoints.unpack(tarball, NETWORK, folder)
    assert not list(folder.iterdir())
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000, f"{grown} kB"


def test_zeros_without_end_are_not_unpacked(tmp_path):
    """What does compress a thousandfold, and is there."""
    tarball = tmp_path / "a.tar.gz"
    size = most_bytes(NETWORK.name) + (1 << 20)
    with gzip.open(tarball, "wb", compresslevel=1) as file:
        file.write(_header("x", size))
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
        file.write(END)
    assert tarball.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match="larger than .* no tarball of mobilenet_v1_0.25_128 is"):
        fetch_checkpoints.unpack(tarball, NETWORK, tmp_path)


def test_each_network_has_a_limit_of_its_own():
    limits = {}
    for name in ("mobilenet_v1_0.25_128", "mobilenet_v1_1.0_224", "vgg_19"):
        limits[name] = most_bytes(name)
        assert weight_bytes(name) < limits[name] <= 1 << 30
    assert len(set(limits.values())) == 3
    assert limits["mobilenet_v1_0.25_128"] < 1 << 27


def test_the_free_disk_is_looked_at_first(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=1 << 20))
    for length in ("2000000", None):
        asked = io.BytesIO(b"")
        asked.status, asked.headers = 200, {"Content-Length": length} if length else {}
        answer = functools.partial(lambda answer, *_, **__: answer, asked)
        monkeypatch.setattr(fetch_checkpoints.urllib.request, "urlopen", answer)
        with pytest.raises(ModelError, match="has room for 1: free some space"):
            fetch_checkpoints.download("http://x", tmp_path / "a.part", NETWORK)
        assert not list(tmp_path.iterdir())


def test_mutated_tarballs(tmp_path):
    draws, folder = random.Random(0), tmp_path / "unpacked"
    tarball = tmp_path / "a.tar.gz"
    content = np.random.default_rng(0).bytes(700).ljust(1024, b"\0")
    sound = _pax({"mtime": "1.5", "path": NAME}) + _header("x", 700) + content
    sound += _header("y", 512, tarfile.GNUTYPE_LONGNAME) + NAME.encode().ljust(512, b"\0")
    sound += _header(size=100) + bytes(512) + END
    pieces = [b"\0", b"\xff", b"9", b"7" * 11, b"-", b"S", b"x", b"g", b"L", b"=", b"\n", b""]
    for number in range(EXAMPLES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        made = bytearray(sound)
        for _ in range(draws.randint(1, 5)):
            # Headers are where tarfile's eyes are.
            place = draws.randrange(len(made))
            made[place : place + draws.randint(0, 12)] = draws.choice(pieces)
        for start in range(0, len(made) - 512, 512):
            if draws.random() < 0.7:  # a checksum that fits lets the rest be seen
                block = bytearray(made[start : start + 512])
                block[148:156] = b"        "
                made[start + 148 : start + 156] = b"%06o\0 " % sum(block)
        packed = bytearray(gzip.compress(bytes(made), 1))
        if number % 5 == 0:
            packed[draws.randrange(len(packed))] ^= 1 << draws.randrange(8)
        tarball.write_bytes(packed)
        try:
            taken = fetch_checkpoints.unpack(tarball, NETWORK, folder)
        except ModelError:
            assert not list(folder.iterdir())
            continue
        assert set(taken) == set(folder.iterdir())
        assert all(path.name.startswith(NETWORK.name) for path in taken)
    assert {path.name for path in tmp_path.iterdir()} <= {"a.tar.gz", "unpacked"}
