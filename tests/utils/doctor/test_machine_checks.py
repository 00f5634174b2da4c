"""The doctor's checks of the machine, with stubs of the driver, the loader and TensorFlow."""

import ctypes

import pytest

from utils import accelerator, nvidia, processor
from utils.doctor import driver as drivers
from utils.doctor import framework, libraries, machine, system

BUILD = {
    "is_cuda_build": True,
    "cuda_version": "12.5.1",
    "cudnn_version": "9",
    "cuda_compute_capabilities": ["sm_60", "sm_70", "sm_80", "sm_89", "compute_90"],
}


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in ("FGNM_DEVICE", "CUDA_VISIBLE_DEVICES", "XLA_FLAGS"):
        monkeypatch.delenv(name, raising=False)


def driver_with(*capabilities, version="570.86.10"):
    gpus = (nvidia.Gpu("GPU", 1000, capability) for capability in capabilities)
    return nvidia.Driver(version, tuple(gpus))


def gpus_of(*capabilities, **options):
    return list(drivers.check_gpus(driver_with(*capabilities, **options), BUILD))


@pytest.mark.parametrize("found", [(3, 9, 2), (3, 14, 0)])
def test_a_python_that_the_requirements_do_not_install_on(found):
    finding = system.check_python(found)
    assert not finding.well
    assert str(finding).startswith(f"Python: WRONG: {found[0]}.{found[1]}")
    assert "cure: take Python 3.10 to 3.13" in str(finding)
    assert system.check_python((3, 12, 1)).well


def test_an_old_c_library():
    assert system.check_libc("glibc", "2.36").well
    assert "glibc 2.27 or newer" in system.check_libc("glibc", "2.17").cure
    assert system.check_libc("", "").well


@pytest.mark.parametrize(
    ("has", "says"), [(True, "computes in bfloat16"), (False, "slower"), (None, "isn't known")]
)
def test_bfloat16_on_the_processor(monkeypatch, has, says):
    monkeypatch.setattr(processor, "has_bfloat16", lambda: has)
    finding = system.check_processor()
    assert finding.well and says in finding.says


def test_the_users_choice(monkeypatch):
    assert system.check_choice() is None
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "hidden" in system.check_choice().says
    monkeypatch.setenv("FGNM_DEVICE", "gpu")
    assert system.check_choice().says == "gpu"
    monkeypatch.setenv("FGNM_DEVICE", "TPU")
    assert not system.check_choice().well


def test_drivers():
    assert drivers.check_driver(None).well
    assert drivers.check_driver(driver_with((9, 0))).well
    assert "525.60.13 or newer" in drivers.check_driver(driver_with(version="470.82.01")).cure
    broken = nvidia.Driver("550.54.14", failure="Driver/library version mismatch")
    finding = drivers.check_driver(broken)
    assert "Driver/library version mismatch" in finding.says and "reboot" in finding.cure


def test_gpus_and_the_kernels_that_the_wheel_has():
    pascal, ampere, hopper = gpus_of((6, 1), (8, 6), (9, 0))
    assert pascal.well and "neither TF32 nor bfloat16" in pascal.says
    assert ampere.well and "; TF32 and bfloat16" in ampere.says and "compiled" not in ampere.says
    assert hopper.well and "compiled" not in hopper.says
    (kepler,) = gpus_of((3, 7))
    assert "older than all kernels" in kepler.says and "6.0 or newer" in kepler.cure


def test_a_gpu_newer_than_the_wheels_kernels():
    (finding,) = gpus_of((12, 0))
    assert finding.well and "compiled at the first start: it may take half an hour" in finding.says
    (finding,) = gpus_of((12, 0), version="535.104.05")
    assert "driver 555 or newer" in finding.cure


def test_a_library_that_does_not_load_is_named_with_its_package(tmp_path):
    def load(name):
        if "libcudnn" in name:
            raise OSError("libcudnn.so.9: cannot open shared object file: No such file")

    (finding,) = libraries.check_libraries(load, tmp_path)
    assert f"1 of {len(libraries.LIBRARIES)} don't load" in finding.says
    assert "libcudnn.so.9 of nvidia-cudnn-cu12: cannot open shared object file" in finding.says
    assert "Cannot dlopen some GPU libraries" in finding.says
    assert "requirements-gpu.txt" in finding.cure


def test_all_libraries_load_from_packages_or_the_system(tmp_path):
    seen = []

    def load(name):
        seen.append(name)
        if name.startswith(str(tmp_path)):
            raise OSError("No such file")

    (finding,) = libraries.check_libraries(load, tmp_path)
    assert finding.well and finding.says == f"all of {len(libraries.LIBRARIES)} load"
    assert str(tmp_path / "cudnn/lib/libcudnn.so.9") in seen and "libcudnn.so.9" in seen


def test_the_real_loader_says_what_it_lacks(tmp_path):
    place = tmp_path / "cudnn" / "lib"
    place.mkdir(parents=True)
    (place / "libcudnn.so.9").write_text("no library")

    def load(name):
        if "libcudnn" in name:
            return ctypes.CDLL(name)
        return None

    findings = list(libraries.check_libraries(load, tmp_path))
    if len(findings) == 1 and findings[0].well:
        pytest.skip("this machine has cuDNN")
    assert "libcudnn.so.9" in findings[0].says and not findings[0].well
    # The file that is there and no library, not the one that isn't.
    assert "No such file" not in findings[0].says


def test_a_container_without_the_drivers_library(tmp_path):
    def load(name):
        if name == libraries.DRIVER_LIBRARY:
            raise OSError("libcuda.so.1: cannot open")

    finding = next(libraries.check_libraries(load, tmp_path))
    assert finding.what == "libcuda.so.1" and "--gpus all" in finding.cure


def test_libdevice(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "_TOOLKIT", tmp_path / "none")
    finding = libraries.check_libdevice(tmp_path)
    assert '"libdevice not found"' in finding.says and "--xla_gpu_cuda_data_dir" in finding.cure
    file = tmp_path / "toolkit" / "nvvm" / "libdevice" / "libdevice.10.bc"
    file.parent.mkdir(parents=True)
    file.write_text("")
    monkeypatch.setenv("XLA_FLAGS", f"--xla_gpu_cuda_data_dir={tmp_path / 'toolkit'}")
    assert libraries.check_libdevice(tmp_path).says == str(file)
    monkeypatch.delenv("XLA_FLAGS")
    (tmp_path / "toolkit").rename(tmp_path / "cuda_nvcc")
    assert libraries.check_libdevice(tmp_path).well


def test_a_gpu_is_there_and_tensorflow_lists_none(monkeypatch):
    one = driver_with((9, 0))
    finding = framework.check_listed(one, 0, BUILD)
    assert not finding.well and "though the driver shows 1" in finding.says
    finding = framework.check_listed(one, 0, {"is_cuda_build": False})
    assert "built without CUDA" in finding.cure
    assert framework.check_listed(one, 1, BUILD).says.startswith("1 of 1")
    assert framework.check_listed(None, 0, BUILD).well
    monkeypatch.setenv("FGNM_DEVICE", "cpu")
    assert framework.check_listed(one, 0, BUILD).well


def test_another_tensorflow_than_the_pinned_one():
    finding = framework.check_version(BUILD, "1.15.0")
    assert "tested with 1.15.0" in finding.says and finding.cure
    assert "built for CUDA 12.5.1 and cuDNN 9" in finding.says


def test_the_whole_machine_with_a_broken_gpu(monkeypatch):
    monkeypatch.setattr(nvidia, "find_driver", lambda: driver_with((9, 0)))

    def load(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(libraries.check_libraries, "__defaults__", (load, None))
    if accelerator.hidden():
        pytest.skip("GPUs are hidden")
    findings = list(machine.examine())
    wrong = [finding.what for finding in findings if not finding.well]
    assert {"libcuda.so.1", "CUDA libraries", "TensorFlow's GPUs"} <= set(wrong)
    assert [f.what for f in findings][:3] == ["Python", "C library", "Processor"]


def test_a_machine_without_a_gpu_is_well(monkeypatch):
    monkeypatch.setattr(nvidia, "find_driver", lambda: None)
    assert all(finding.well for finding in machine.examine())
