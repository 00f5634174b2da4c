"""The Dockerfile, as far as it can be tried without Docker."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text()
# Each instruction on one line, as Docker reads it.
LINES = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()


def instructions(name):
    return [line.removeprefix(f"{name} ") for line in LINES if line.startswith(f"{name} ")]


def test_the_base_is_pinned_and_its_python_supported():
    (base,) = instructions("FROM")
    version = re.fullmatch(r"python:3\.(\d+)\.\d+-slim-[a-z]+", base)
    assert version and 10 <= int(version[1]) <= 13


def test_it_runs_as_a_user_and_writes_to_a_volume():
    assert instructions("USER") == ["bench"]
    assert LINES.index("USER bench") > max(
        LINES.index(f"RUN {each}") for each in instructions("RUN")
    )
    assert instructions("VOLUME") == ['["/bench/results"]']


def test_what_it_copies_is_there():
    first, everything = instructions("COPY")
    assert everything == ". ."
    assert all((ROOT / name).is_file() for name in first.split()[:-1])


@pytest.mark.parametrize(
    ("device", "code", "asked"),
    [
        ("cpu", 0, "install -r requirements.txt -c requirements.lock"),
        ("gpu", 0, "install -r requirements-gpu.txt -c requirements.lock"),
        ("tpu", 2, ""),
    ],
)
def test_the_argument_chooses_the_requirements(tmp_path, device, code, asked):
    pip = tmp_path / "pip"
    pip.write_text('#!/bin/sh\necho "$@"\n')
    pip.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DEVICE": device}
    done = subprocess.run(
        ["sh", "-c", instructions("RUN")[0]], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (code, asked)


def test_results_photos_and_checkpoints_stay_out_of_the_image():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv*", "results", "checkpoints", "data/imagenet"} <= set(ignored)
