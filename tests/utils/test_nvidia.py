"""The driver query, with an nvidia-smi of the test's own."""

import os

import pytest

from utils import nvidia


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose nvidia-smi and kernel module say this; None for none."""

    def make(smi=None, module=None):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        if smi is not None:
            (folder / "nvidia-smi").write_text("#!/bin/sh\n" + smi)
            (folder / "nvidia-smi").chmod(0o755)
        path = str(folder) if smi is None else f"{folder}:{os.environ['PATH']}"
        monkeypatch.setenv("PATH", path)
        if module is not None:
            (tmp_path / "version").write_text(module)
        monkeypatch.setattr(nvidia, "_KERNEL_MODULE", tmp_path / "version")
        return nvidia.find_driver()

    return make


def test_no_driver(machine):
    assert machine() is None


def test_a_driver_and_its_gpus(machine):
    driver = machine(
        "echo '550.54.14, NVIDIA H100 80GB HBM3, 81559, 9.0'\n"
        "echo '550.54.14, NVIDIA A100-SXM4-40GB, 40960, 8.0'\n"
    )
    assert driver.version == "550.54.14" and driver.numbers == (550, 54, 14)
    assert driver.gpus[0] == nvidia.Gpu("NVIDIA H100 80GB HBM3", 81559, (9, 0))
    assert str(driver.gpus[1]) == "NVIDIA A100-SXM4-40GB, 40960 MiB, compute capability 8.0"
    assert driver.failure == ""


def test_an_old_query_that_knows_no_compute_capability(machine):
    driver = machine(
        "case $1 in *compute_cap*) echo 'compute_cap is not a valid field'; exit 2;; esac\n"
        "echo '450.51.06, Tesla K80, [N/A]'\n"
    )
    assert driver == nvidia.Driver("450.51.06", (nvidia.Gpu("Tesla K80"),))
    assert str(driver.gpus[0]) == "Tesla K80"


def test_a_module_whose_query_fails_or_is_not_there(machine):
    module = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19\nGCC\n"
    driver = machine(module=module)
    assert driver == nvidia.Driver("535.104.05", failure="nvidia-smi is not there")
    driver = machine("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")
    assert driver.version == "535.104.05" and driver.gpus == ()
    assert driver.failure == "Failed to initialize NVML: Driver/library version mismatch"
    assert "shows no GPU" in machine("true").failure


def test_a_query_left_behind_where_no_driver_is(machine):
    if os.path.exists("/dev/nvidiactl"):
        pytest.skip("this machine has a driver")
    assert machine("echo 'NVIDIA-SMI has failed'; exit 9") is None
