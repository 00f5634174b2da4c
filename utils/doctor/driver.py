"""The NVIDIA driver and its GPUs, against what TensorFlow's wheel was built for."""

from collections.abc import Iterator, Mapping
from typing import Any

from utils.doctor.finding import Finding
from utils.nvidia import Driver, Gpu

# What a driver must be at least for CUDA 12's libraries, and for compiling kernels from the wheel's
# PTX, which CUDA 12.5 wrote.
OLDEST_DRIVER = (525, 60, 13)
OLDEST_FOR_PTX = (555,)
FASTER_TYPES = (8, 0)  # Ampere


def check_driver(driver: Driver | None) -> Finding:
    """Whether there is a driver and CUDA 12 runs on it."""
    what = "NVIDIA driver"
    if driver is None:
        return Finding(what, "none found: runs go on the processor")
    if driver.failure:
        return Finding(
            what,
            f"{driver.version or 'of unknown version'}, but {driver.failure}",
            "`nvidia-smi` must list the GPU: reboot after an update of the driver, install the "
            "driver's tools, or, in a container, start it with --gpus all",
        )
    if driver.numbers < OLDEST_DRIVER:
        return Finding(
            what,
            f"{driver.version}, too old for CUDA 12",
            "install driver 525.60.13 or newer, or set FGNM_DEVICE=cpu",
        )
    return Finding(what, driver.version)


def check_gpus(driver: Driver | None, build: Mapping[str, Any]) -> Iterator[Finding]:
    """What each GPU is and whether the wheel has kernels for it.

    Args:
      build: of `tf.sysconfig.get_build_info`.
    """
    kernels = [_capability(name) for name in build.get("cuda_compute_capabilities", ())]
    for index, gpu in enumerate(driver.gpus if driver else ()):
        yield _check_gpu(f"GPU {index}", gpu, sorted(kernels), driver)


def _check_gpu(
    what: str, gpu: Gpu, kernels: list[tuple[int, int]], driver: Driver | None
) -> Finding:
    if gpu.capability is None:
        return Finding(what, str(gpu))
    if kernels and gpu.capability < kernels[0]:
        return Finding(
            what,
            f"{gpu}: older than all kernels of this TensorFlow",
            "set FGNM_DEVICE=cpu, or take a GPU of compute capability {}.{} or newer".format(
                *kernels[0]
            ),
        )
    types = "TF32 and bfloat16" if gpu.capability >= FASTER_TYPES else "neither TF32 nor bfloat16"
    says = f"{gpu}; {types}"
    # Binary kernels serve all GPUs of their major version; beyond that, PTX is compiled.
    if not kernels or gpu.capability[0] <= kernels[-1][0]:
        return Finding(what, says)
    says += "; newer than this TensorFlow's kernels, which are compiled at the first start: it may "
    says += "take half an hour (~/.nv/ComputeCache keeps them)"
    if driver and driver.numbers < OLDEST_FOR_PTX:
        return Finding(what, says, "install driver 555 or newer, which can compile them")
    return Finding(what, says)


def _capability(name: str) -> tuple[int, int]:
    """(9, 0) of "sm_90" or "compute_90"."""
    digits = name.rpartition("_")[2]
    return int(digits[:-1]), int(digits[-1])
