"""scripts/environment.sh with a Python that only notes what it is asked for, and the lock."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[a-z-]+\])?==([^\s;]+)", re.MULTILINE)

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-gpu.txt")


@pytest.fixture
def prepare(tmp_path):
    """Prepares an environment in tmp_path and returns what its Python was asked for."""
    python, noted = tmp_path / ".venv" / "bin" / "python", tmp_path / "noted"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >>{noted}\n[ ! -e {tmp_path}/broken ]\n')
    python.chmod(0o755)
    for name in (*REQUIREMENTS, "requirements.lock"):
        (tmp_path / name).write_text(f"{name} as it was\n")

    def call(*names):
        files = " ".join(str(tmp_path / name) for name in names)
        noted.write_text("")
        done = _bash(tmp_path, f"prepare_environment {files}")
        return done.returncode, noted.read_text().splitlines()

    return call


def _bash(folder, command, **environment):
    script = (
        f"set -euo pipefail; source {ROOT}/scripts/environment.sh; ROOT={folder}; "
        f"VENV={folder}/.venv; {command}"
    )
    environment = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment)


@pytest.fixture
def choose(prepare, tmp_path):
    """Prepares for runs on such a machine; returns the code, what was said, what was installed."""

    def call(driver="", platform="Linux x86_64", **environment):
        for stamp in tmp_path.glob(".venv/.installed-*"):
            stamp.unlink()
        noted = tmp_path / "noted"
        noted.write_text("")
        stubs = f"_driver_version() {{ echo '{driver}'; }}; _platform() {{ echo '{platform}'; }}"
        done = _bash(tmp_path, f"{stubs}; prepare_runs", **environment)
        installed = re.findall(r"-r \S*/(\S+)", noted.read_text())
        return done.returncode, done.stdout + done.stderr, installed

    return call


def test_installs_once_in_the_versions_of_the_lock(prepare, tmp_path):
    code, asked = prepare("requirements.txt")
    assert code == 0
    assert len(asked) == 1
    assert f"-r {tmp_path}/requirements.txt -c {tmp_path}/requirements.lock" in asked[0]
    assert prepare("requirements.txt") == (0, [])


def test_it_says_what_it_installs(prepare, tmp_path):
    pip = "Collecting numpy==2\n  Downloading numpy.whl (16 MB)\nRequirement already there\n"
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(python.read_text() + f"printf '{pip}Installing collected packages: numpy\\n'")
    command = (
        f"set -euo pipefail; source {ROOT}/scripts/environment.sh; ROOT={tmp_path};"
        f" VENV={tmp_path}/.venv; prepare_environment {tmp_path}/requirements.txt"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines() == [
        f"Installing requirements.txt into {tmp_path}/.venv, in the versions of requirements.lock "
        "(once; some minutes):",
        "  finding numpy==2",
        "  downloading numpy.whl (16 MB)",
        "  unpacking all of them",
        "Installed requirements.txt.",
    ]


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
    "name",
    ["requirements.txt", "requirements-dev.txt", "requirements-ray.txt", "requirements-gpu.txt"],
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


def test_a_driver_decides_which_tensorflow_is_installed(choose):
    code, said, installed = choose()
    assert (code, installed) == (0, ["requirements.txt"])
    assert "TensorFlow for the processor (no NVIDIA driver was found; FGNM_DEVICE=gpu" in said
    code, said, installed = choose(driver="550.54.14")
    assert (code, installed) == (0, ["requirements-gpu.txt"])
    assert "TensorFlow with its CUDA libraries (NVIDIA driver 550.54.14 was found; " in said


def test_the_user_may_decide_otherwise(choose):
    code, said, installed = choose(driver="550.54.14", FGNM_DEVICE="cpu")
    assert (code, installed) == (0, ["requirements.txt"])
    assert "TensorFlow for the processor (FGNM_DEVICE says cpu)" in said
    code, said, installed = choose(FGNM_DEVICE="gpu")
    assert (code, installed) == (0, ["requirements-gpu.txt"])
    assert "TensorFlow with its CUDA libraries (FGNM_DEVICE says gpu)" in said
    code, said, installed = choose(FGNM_DEVICE="tpu")
    assert (code, installed) == (2, [])
    assert "FGNM_DEVICE is 'tpu'; it must be cpu or gpu" in said


def test_where_there_are_no_cuda_libraries_none_are_installed(choose):
    code, said, installed = choose(driver="550.54.14", platform="Linux aarch64")
    assert (code, installed) == (0, ["requirements.txt"])
    assert "for Linux on x86_64 alone, and this is Linux aarch64" in said
    code, said, installed = choose(platform="Darwin arm64", FGNM_DEVICE="gpu")
    assert (code, installed) == (2, [])
    assert "this is Darwin arm64: unset it" in said


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("echo 550.54.14; echo 550.54.14", "550.54.14"),
        ("echo 'NVIDIA-SMI has failed because it could not communicate'; exit 9", ""),
    ],
)
def test_the_driver_is_asked_for_its_version(tmp_path, answer, version):
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has a driver")
    query = tmp_path / "nvidia-smi"
    query.write_text(f"#!/bin/sh\n{answer}\n")
    query.chmod(0o755)
    done = _bash(tmp_path, "_driver_version", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout.strip()) == (0, version)
