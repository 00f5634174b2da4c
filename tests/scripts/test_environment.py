"""scripts/environment.sh with a Python that only notes what it is asked for, and the lock."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", re.MULTILINE)


@pytest.fixture
def prepare(tmp_path):
    """Prepares an environment in tmp_path and returns what its Python was asked for."""
    python, noted = tmp_path / ".venv" / "bin" / "python", tmp_path / "noted"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >>{noted}\n[ ! -e {tmp_path}/broken ]\n')
    python.chmod(0o755)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements.lock"):
        (tmp_path / name).write_text(f"{name} as it was\n")

    def call(*names):
        files = " ".join(str(tmp_path / name) for name in names)
        script = (
            f"set -e; source {ROOT}/scripts/environment.sh; ROOT={tmp_path}; VENV={tmp_path}/.venv;"
            f" prepare_environment {files}"
        )
        noted.write_text("")
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
        return done.returncode, noted.read_text().splitlines()

    return call


def test_installs_once_in_the_versions_of_the_lock(prepare, tmp_path):
    code, asked = prepare("requirements.txt")
    assert code == 0
    assert len(asked) == 1
    assert f"-r {tmp_path}/requirements.txt -c {tmp_path}/requirements.lock" in asked[0]
    assert prepare("requirements.txt") == (0, [])


def test_each_file_is_installed_by_itself(prepare):
    prepare("requirements.txt", "requirements-dev.txt")
    assert prepare("requirements.txt") == (0, [])
    assert prepare("requirements.txt", "requirements-dev.txt") == (0, [])


@pytest.mark.parametrize("changed", ["requirements.txt", "requirements.lock"])
def test_a_change_is_noticed(prepare, tmp_path, changed):
    prepare("requirements.txt")
    (tmp_path / changed).write_text("changed\n")
    assert len(prepare("requirements.txt")[1]) == 1
    assert prepare("requirements.txt") == (0, [])


def test_a_failed_installation_is_tried_again(prepare, tmp_path):
    (tmp_path / "broken").touch()
    assert prepare("requirements.txt")[0] != 0
    (tmp_path / "broken").unlink()
    assert len(prepare("requirements.txt")[1]) == 1


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-ray.txt"]
)
def test_the_lock_has_every_direct_pin(name):
    locked = {
        (package.lower(), version)
        for package, version in PINNED.findall((ROOT / "requirements.lock").read_text())
    }
    pins = PINNED.findall((ROOT / name).read_text())
    assert pins
    assert {(package.lower(), version) for package, version in pins} <= locked


def test_the_lock_names_no_host():
    assert not re.search(r"https?:|index-url|find-links", (ROOT / "requirements.lock").read_text())
