"""What a run computes with: its devices, the libraries' versions, and what to say about both."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from utils import accelerator, nvidia, processor
from utils.errors import RunError
from utils.pipeline.config import RunConfig
from utils.pipeline.record import Environment
from utils.quiet import tf

_PACKAGES = ("tensorflow", "tf-slim", "numpy", "pillow", "pandas", "scipy")
_BUILT = ("cuda", "cudnn")
_CUDA_PACKAGES = ("nvidia-cuda-runtime-cu12", "nvidia-cublas-cu12", "nvidia-cudnn-cu12")


def environment_of(devices: Sequence[str]) -> Environment:
    """Returns what run.json says of devices, named as by `find_devices`, and of the versions."""
    versions = {name: _version(name) for name in _PACKAGES} | {"python": platform.python_version()}
    if not any("GPU" in device for device in devices):
        return Environment(versions=versions, device=list(devices), hardware=[_processor()])
    driver = nvidia.find_driver()
    versions |= _cuda_versions(driver)
    gpus = tf.config.get_visible_devices("GPU")[: len(devices)]
    hardware = [str(_gpu(gpu, driver)) for gpu in gpus] + [_processor()]
    return Environment(versions=versions, device=list(devices), hardware=hardware)


@cache
def _version(package: str) -> str:
    # A process keeps what it has imported, and asking parses a file of the package's.
    return version(package)


def _processor() -> str:
    gigabytes = round(processor.memory() / 1024)
    return f"{processor.name()}, {processor.cores()} cores, {gigabytes} GB"


def _gpu(device: tf.config.PhysicalDevice, driver: nvidia.Driver | None) -> nvidia.Gpu:
    details = tf.config.experimental.get_device_details(device)
    name = details.get("device_name", device.name)
    # TensorFlow and the driver may number GPUs differently; those of one name are alike.
    memories = [gpu.memory for gpu in driver.gpus if gpu.name == name] if driver else []
    return nvidia.Gpu(name, memories[0] if memories else 0, details.get("compute_capability"))


def _cuda_versions(driver: nvidia.Driver | None) -> dict[str, str]:
    found = {"nvidia-driver": driver.version} if driver else {}
    for package in _CUDA_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    built = tf.sysconfig.get_build_info()
    return found | {f"{name}-built-for": built.get(f"{name}_version", "") for name in _BUILT}


def check_devices(config: RunConfig, devices: Sequence[str]) -> Iterator[str]:
    """Yields a note for each thing about the devices that the user should know.

    Raises:
      RunError: FGNM_DEVICE wants a GPU, and there is none to be used.
      UsageError: FGNM_DEVICE has no such value.
    """
    wanted, on_gpu = accelerator.wanted(), any("GPU" in device for device in devices)
    if on_gpu:
        return
    if wanted == "gpu":
        raise RunError(
            f"{accelerator.VARIABLE} is gpu, but TensorFlow finds no usable GPU: `python "
            "scripts/doctor.py` says why."
        )
    if not accelerator.hidden() and (driver := nvidia.find_driver()):
        names = ", ".join(gpu.name for gpu in driver.gpus) or "it shows no GPU"
        yield (
            f"Note: there is an NVIDIA driver ({driver.version or 'of unknown version'}: {names}), "
            "but TensorFlow finds no usable GPU, so this runs on the processor. `python "
            "scripts/doctor.py` says why."
        )
    if config.dtype == "bfloat16" and processor.has_bfloat16() is False:
        yield (
            "Note: this processor doesn't compute in bfloat16 (no avx512_bf16 or amx_bf16), so "
            "--dtype bfloat16 is slower than float32 here."
        )
    if config.tf32:
        yield "Note: --tf32 changes nothing on a processor."
