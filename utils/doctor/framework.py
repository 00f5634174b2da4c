"""TensorFlow, and whether it uses the GPUs that the driver shows."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from utils import accelerator
from utils.doctor.finding import Finding
from utils.nvidia import Driver


def check_version(build: Mapping[str, Any], pinned: str) -> Finding:
    """Which TensorFlow this is, against requirements.txt."""
    found = version("tensorflow")
    says = found
    if build.get("is_cuda_build"):
        says += f", built for CUDA {build['cuda_version']} and cuDNN {build['cudnn_version']}"
    else:
        says += ", built without CUDA"
    if found == pinned:
        return Finding("TensorFlow", says)
    return Finding(
        "TensorFlow", f"{says}; it is tested with {pinned}", f"pip install tensorflow=={pinned}"
    )


def check_listed(driver: Driver | None, listed: int, build: Mapping[str, Any]) -> Finding:
    """Whether TensorFlow lists as many GPUs as the driver shows.

    Args:
      listed: how many GPUs TensorFlow lists.
      build: of `tf.sysconfig.get_build_info`.
    """
    what, there = "TensorFlow's GPUs", len(driver.gpus) if driver else 0
    if listed:
        return Finding(what, f"{listed} of {there or listed}: runs go on a GPU")
    if accelerator.hidden():
        return Finding(what, "none, since they are hidden: runs go on the processor")
    if not there:
        return Finding(what, "none: runs go on the processor")
    if not build.get("is_cuda_build"):
        cure = "this TensorFlow was built without CUDA: install requirements-gpu.txt"
    else:
        cure = (
            "see the driver and the libraries that don't load above; if nothing is wrong there, "
            '`TF_CPP_MIN_LOG_LEVEL=0 python -c "import tensorflow as tf; '
            "tf.config.list_physical_devices('GPU')\"` shows what TensorFlow says"
        )
    return Finding(what, f"none, though the driver shows {there}: runs go on the processor", cure)
