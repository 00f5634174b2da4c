"""Fetching checkpoints, from a web server on localhost."""

import io
import os
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import models
from models.folding import checkpoint_shapes
from models.graph import folded_shapes
from scripts import fetch_checkpoints

ROOT = Path(__file__).parents[2]
NAME = "mobilenet_v1_0.25_128"
TARBALL = models.NETWORKS[NAME].tarball


class Server(ThreadingHTTPServer):
    """Serves bytes by name, with ranges; may break off answers in the middle."""

    def __init__(self):
        self.files, self.breaks, self.ranges = {}, 0, []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        content = server.files.get(self.path.lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        requested = self.headers.get("Range")
        server.ranges.append(requested)
        start = int(requested.removeprefix("bytes=").rstrip("-")) if requested else 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if requested else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content)
        if server.breaks:
            server.breaks -= 1
            end = start + (len(content) - start) // 2
        self.wfile.write(content[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """File name -> bytes of a checkpoint that fits NAME."""
    row = models.NETWORKS[NAME]
    shapes = checkpoint_shapes(folded_shapes(row), row.batch_norm_gamma)
    folder = tmp_path_factory.mktemp("published")
    tf.raw_ops.SaveV2(
        prefix=str(folder / f"{NAME}.ckpt"),
        tensor_names=list(shapes),
        shape_and_slices=[""] * len(shapes),
        tensors=[np.ones(shape, np.float32) for shape in shapes.values()],
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def tarball(files, links=()):
    """A gzipped tar with files (name -> bytes) and symbolic links (name -> target)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, target in dict(links).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def run(server, tmp_path, capsys):
    """Runs the program in-process: exit code and all that it printed."""

    def run(*names):
        folder = tmp_path / "checkpoints"
        code = fetch_checkpoints.main(
            [*names, "--checkpoint_path", str(folder), "--url", server.url]
        )
        printed = capsys.readouterr()
        return code, printed.out + printed.err, folder

    return run


def held(folder):
    """The names of all that is in a folder, hidden or not."""
    return sorted(os.listdir(folder))


def test_the_shell_script_fetches_unpacks_and_is_content_the_second_time(
    server, checkpoint, tmp_path
):
    more = {"./eval.pbtxt": b"graph", f"./{NAME}.ckpt.meta": b"meta"}
    server.files[TARBALL] = tarball({f"./{n}": c for n, c in checkpoint.items()} | more)
    command = ["bash", str(ROOT / "scripts" / "fetch_checkpoints.sh"), NAME]
    command += ["--checkpoint_path", str(tmp_path), "--url", server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: fetched: {tmp_path}/{NAME}.ckpt" in done.stdout
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == checkpoint
    assert server.ranges == [None]


def test_what_is_there_is_not_fetched_again(run, server, checkpoint):
    server.files[TARBALL] = tarball(checkpoint)
    assert run(NAME)[0] == 0
    code, text, _ = run(NAME)
    assert code == 0 and "already there" in text and len(server.ranges) == 1


def test_a_download_that_breaks_off_goes_on_where_it_stopped(run, server, checkpoint):
    server.files[TARBALL] = content = tarball(checkpoint)
    server.breaks = 1
    code, _, folder = run(NAME)
    assert code == 0
    assert server.ranges == [None, f"bytes={len(content) // 2}-"]
    assert held(folder) == sorted(checkpoint)


def test_the_next_run_goes_on_too(run, server, checkpoint):
    server.files[TARBALL] = tarball(checkpoint)
    server.breaks = fetch_checkpoints.ATTEMPTS
    code, text, folder = run(NAME)
    assert code == 1 and "broke off after" in text and "run it again" in text
    kept = (folder / f"{TARBALL}.part").stat().st_size
    code, _, folder = run(NAME)
    assert code == 0 and server.ranges[-1] == f"bytes={kept}-"
    assert held(folder) == sorted(checkpoint)


def test_how_much_it_is_is_said_before_anything_is_fetched(run, server, checkpoint):
    code, text, folder = run("--dry_run", "vgg_16", "densenet161")
    assert code == 0 and not server.ranges and not folder.exists()
    assert f"1 of 2 networks to fetch into {folder}: 0.55 GB of weights (0 are there)" in text
    assert "densenet161 has no public direct link: see the TF-slim port" in text
    server.files[TARBALL] = content = tarball(checkpoint)
    text = run(NAME)[1]
    assert "1 of 1 networks to fetch" in text
    assert f"{TARBALL}: {len(content) / 1e6:.1f} MB" in text
    assert (
        f"0 of 1 networks to fetch into {folder}: 0.00 GB of weights (1 are there)"
        in (run(NAME)[1])
    )


def test_an_interrupted_download_goes_on_where_it_stopped(run, server, checkpoint, monkeypatch):
    server.files[TARBALL] = content = tarball(checkpoint)
    monkeypatch.setattr(fetch_checkpoints, "CHUNK", 1 << 8)
    check, chunks = fetch_checkpoints.check_size, []

    def interrupt(what, size, network):
        check(what, size, network)
        chunks.append(size)
        if len(chunks) == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fetch_checkpoints, "check_size", interrupt)
        code, text, folder = run(NAME)
    assert code == 130 and "the same command goes on where it stopped" in text
    kept = (folder / f"{TARBALL}.part").stat().st_size
    assert 0 < kept < len(content)
    code, text, folder = run(NAME)
    assert code == 0 and server.ranges == [None, f"bytes={kept}-"]
    assert f"going on from {kept / 1e6:.1f} MB" in text
    assert held(folder) == sorted(checkpoint)


def test_a_part_that_is_complete_or_of_another_file(run, server, checkpoint):
    server.files[TARBALL] = content = tarball(checkpoint)
    for part in (content, b"x" * (len(content) + 5)):
        folder = run("densenet121")[2]
        for file in folder.iterdir():
            file.unlink()
        (folder / f"{TARBALL}.part").write_bytes(part)
        assert run(NAME)[0] == 0
        assert held(folder) == sorted(checkpoint)


@pytest.mark.parametrize("kept", [0.2, 0.9])
def test_a_truncated_tarball_is_refused_and_leaves_nothing(kept, run, server, checkpoint):
    content = tarball(checkpoint)
    server.files[TARBALL] = content[: int(len(content) * kept)]
    code, text, folder = run(NAME)
    assert code == 1 and f"{NAME}: NOT FETCHED: the tarball is damaged" in text
    assert held(folder) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "the tarball is damaged"),
        ({"README": b"nothing"}, f"holds no {NAME}.ckpt"),
        ({f"{NAME}.ckpt": b"no checkpoint"}, "cannot be read as a TensorFlow checkpoint"),
        ({f"{NAME}.ckpt.data-00000-of-00001": b"x"}, "lacks the .index"),
    ],
)
def test_a_broken_tarball_is_refused_and_leaves_nothing(files, said, run, server):
    server.files[TARBALL] = b"not a tarball" * 50 if files is None else tarball(files)
    code, text, folder = run(NAME)
    assert code == 1 and "NOT FETCHED" in text and said in text
    assert held(folder) == []


def test_a_tarball_cannot_write_elsewhere(run, server, checkpoint, tmp_path):
    index, data = f"{NAME}.ckpt.index", f"{NAME}.ckpt.data-00000-of-00001"
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    files = {
        "../../escaped": b"x",
        str(tmp_path / "absolute"): b"x",
        f"../{index}": checkpoint[index],
        data: checkpoint[data],
    }
    server.files[TARBALL] = tarball(files, links={f"deep/{index}": str(outside)})
    code, _, folder = run(NAME)
    assert code == 0
    assert outside.read_text() == "untouched"
    assert held(tmp_path) == ["checkpoints", "outside"]
    assert held(folder) == sorted(checkpoint)


def test_one_failure_does_not_stop_the_others(run, server, checkpoint):
    server.files[TARBALL] = tarball(checkpoint)
    code, text, folder = run("vgg_16", "densenet161", NAME)
    assert code == 1
    assert "vgg_16: NOT FETCHED" in text and "404" in text
    assert "densenet161: NOT FETCHED: it has no public direct link" in text
    assert "github.com/pudae/tensorflow-densenet" in text
    assert "tf-densenet161.ckpt" in text
    assert f"{NAME}: fetched" in text and held(folder) == sorted(checkpoint)


def test_a_length_that_is_none_and_a_bad_url_get_a_sentence(run, server, checkpoint, monkeypatch):
    server.files[TARBALL] = tarball(checkpoint)
    header = Handler.send_header

    def lie(self, name, value):
        header(self, name, "abc" if name == "Content-Length" else value)

    with monkeypatch.context() as patched:
        patched.setattr(Handler, "send_header", lie)
        code, text, _ = run(NAME)
    assert code == 1 and "Content-Length of 'abc'" in text
    monkeypatch.setattr(Server, "url", "not a url")
    code, text, _ = run(NAME)
    assert code == 1 and f"{NAME}: NOT FETCHED" in text


def test_a_tarball_that_grows_beyond_any_checkpoint_is_refused(run, server, monkeypatch):
    server.files[TARBALL] = tarball({f"{NAME}.ckpt.index": bytes(1 << 20)})
    monkeypatch.setattr(fetch_checkpoints, "most_bytes", lambda network: 1 << 19)
    code, text, folder = run(NAME)
    assert code == 1 and "larger than" in text
    assert held(folder) == []


def test_unknown_names_are_refused(run):
    for name in ("vgg_17", "demo_vgg"):
        code, text, _ = run(name)
        assert code == 2 and f"{name} cannot be fetched; the names are inception_v3" in text


def test_without_names_all_with_a_link_are_fetched():
    chosen = fetch_checkpoints.choose([])
    left = [row for row in models.NETWORKS.values() if row.zoo == "imagenet" and row not in chosen]
    assert {"densenet121", "densenet161"} <= {row.name for row in left}
    # Of each of the others it is said who publishes it.
    assert all(row.elsewhere for row in left)
