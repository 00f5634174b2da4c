"""What the commands of finished runs read and write: nothing but files, nowhere else, whole."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from scripts import figures, report, table
from tests.made_up_results import SIDE, write_run
from utils import files as files_module

ROOT = Path(__file__).parents[2]
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\n%%EndComments\n(x) run\n%%EOF\n"


def _rename_image(folder, old, new):
    for file in folder.glob("*.csv"):
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
        rows.replace({old: new}).to_csv(file, index=False, lineterminator="\n")


def _files(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def _text_commands(folder, output):
    return (
        (table, [str(folder), "-o", str(output)]),
        (report, [str(folder), "--figures", "cosine", "-o", str(output)]),
    )


@pytest.mark.parametrize("name", ["../../outside", "/tmp/outside", "a/b", "..", "a%2Fb", "a\\b"])
def test_a_name_from_a_file_is_no_path(tmp_path, name):
    for epsilon in (4.0, 8.0):
        folder = write_run(tmp_path / "r", images=4, epsilon=epsilon)
        _rename_image(folder, "0001", name)
    before = _files(tmp_path)
    output = tmp_path / "x" / "y" / "out"
    kinds = ["--figures", "image", "--images", name, "--formats", "png"]
    assert figures.main([str(tmp_path / "r"), "-o", str(output), *kinds]) == 0
    new = _files(tmp_path) - before
    assert len(new) == 1 and {path.parent for path in new} == {output}


@pytest.mark.parametrize("name", ["../sign/0000", "../..", "/etc/passwd"])
def test_no_image_is_read_through_a_name(tmp_path, capsys, name):
    folder = write_run(tmp_path / "r", images=4, pngs=True)
    _rename_image(folder, "0001", name)
    options = ["--figures", "strip", "--images", name, "-o", str(tmp_path / "f")]
    assert figures.main([str(folder), *options]) == 1
    assert "is no name of a file" in capsys.readouterr().err


def test_two_names_are_two_files(tmp_path):
    write_run(tmp_path / "r", epsilon=4.0, ids=["a/b", "a%2Fb", "a_b"])
    write_run(tmp_path / "r", epsilon=8.0, ids=["a/b", "a%2Fb", "a_b"])
    options = ["--figures", "image", "--images", "a/b,a%2Fb,a_b", "--formats", "png"]
    assert figures.main([str(tmp_path / "r"), "-o", str(tmp_path / "f"), *options]) == 0
    assert len(list((tmp_path / "f").iterdir())) == 3


def _broken(kind, path):
    if kind == "eps":
        path.write_bytes(EPS)
    elif kind == "bomb":
        Image.new("1", (30_000, 30_000)).save(path)
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif kind == "side":
        Image.new("RGB", (SIDE + 1, SIDE + 1)).save(path)
    elif kind == "gif":
        Image.new("RGB", (SIDE, SIDE)).save(path, format="GIF")
    else:
        path.unlink()
        {"fifo": os.mkfifo, "folder": os.mkdir, "missing": lambda _: None}[kind](path)


@pytest.mark.parametrize("which", ["clean", "affine"])
@pytest.mark.parametrize("kind", ["eps", "bomb", "cut", "side", "gif", "fifo", "folder", "missing"])
@pytest.mark.filterwarnings("error")
def test_one_reader_takes_pngs_alone(tmp_path, capsys, monkeypatch, kind, which):
    folder = write_run(tmp_path / "r", images=2, pngs=True)
    path = (tmp_path / "r" / "clean" if which == "clean" else folder / "affine") / "0000.png"
    _broken(kind, path)
    # As Ghostscript would be started.
    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("a program starts"))
    for script, output in ((figures, "f"), (report, "page.html")):
        options = ["--figures", "strip,spectrum", "-o", str(tmp_path / output)]
        assert script.main([str(folder), *options]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and str(path) in error


@pytest.mark.parametrize("command", ["table", "report", "figures"])
def test_a_failed_write_leaves_the_old_file(tmp_path, capsys, monkeypatch, command):
    folder = write_run(tmp_path / "r", images=4)
    output = tmp_path / "out"
    script, arguments = {
        **{c.__name__.split(".")[1]: (c, a) for c, a in _text_commands(folder, output)},
        "figures": (figures, [str(folder), "--figures", "cosine", "-o", str(output)]),
    }[command]
    assert script.main(arguments) == 0
    before = {path: path.read_bytes() for path in _files(tmp_path)}

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files_module.os, "fsync", fail)
    capsys.readouterr()
    assert script.main(arguments) == 1
    assert "No space left" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in _files(tmp_path)} == before


def test_files_are_utf8_whatever_the_locale(tmp_path):
    folder = write_run(tmp_path / "r", images=4, victims=("net_a", "net_b", "n\u00e4\u5b57"))
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    environment = os.environ | ascii_only | {"PYTHONIOENCODING": "ascii"}
    for name in ("table", "report"):
        output = tmp_path / f"{name}.out"
        command = [sys.executable, f"scripts/{name}.py", str(folder)]
        options = ["--figures", "cosine"] if name == "report" else []
        shown = subprocess.run(
            [*command, *options, "-o", str(output)], cwd=ROOT, env=environment, capture_output=True
        )
        assert shown.returncode == 0, shown.stderr
        assert "n\u00e4\u5b57" in output.read_text("utf-8")
    shown = subprocess.run(command[:1] + ["scripts/table.py", str(folder)], cwd=ROOT,
                           env=environment, capture_output=True)  # fmt: skip
    assert shown.returncode == 0 and "n\u00e4\u5b57" in shown.stdout.decode()


@pytest.mark.parametrize("place", ["fifo", "folder", "below a file", "long"])
def test_what_is_no_file_is_not_written_to(tmp_path, capsys, place):
    folder = write_run(tmp_path / "r", images=4)
    output = tmp_path / "out"
    if place == "fifo":
        os.mkfifo(output)
    elif place == "folder":
        output.mkdir()
    elif place == "long":
        output = tmp_path / ("x" * 300)
    else:
        output.write_bytes(b"")
        output /= "below"
    for script, arguments in _text_commands(folder, output):
        assert script.main(arguments) == 1
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("name", ["per_image.csv", "transfer.csv", "steps.csv"])
def test_a_pipe_for_a_table_is_named(tmp_path, capsys, name):
    folder = write_run(tmp_path / "r", images=4)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert table.main([str(folder), "--layout", "modes"]) == 1
    assert f"{name} can't be read (not a file)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["[]", "[1]", '{"0": 5}', '{"0": ["a", 7]}', "[" * 100_000, "{}", "no JSON"]
)
def test_a_broken_index_of_classes_gives_numbers(tmp_path, monkeypatch, content):
    from utils.analysis import class_names

    index = tmp_path / "index.json"
    index.write_text(content)
    monkeypatch.setattr(class_names, "_KERAS_CACHE", index)
    assert class_names.class_names("imagenet")(2) == "2"
