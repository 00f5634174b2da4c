"""Python, the C library and the user's choice of a device."""

import platform
import sys

from utils import accelerator, processor
from utils.doctor.finding import Finding
from utils.errors import UsageError

OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
OLDEST_GLIBC = (2, 27)  # of TensorFlow's wheels (manylinux_2_27)


def check_python(found: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether the requirements install on this Python."""
    says = ".".join(map(str, found))
    if OLDEST_PYTHON <= found[:2] <= NEWEST_PYTHON:
        return Finding("Python", says)
    return Finding("Python", says, "take Python 3.10 to 3.13, then remove .venv and install again")


def check_libc(
    name: str = platform.libc_ver()[0], version: str = platform.libc_ver()[1]
) -> Finding:
    """Whether TensorFlow's wheels run on this C library."""
    says = f"{name} {version}".strip() or "not glibc, or unknown"
    if name != "glibc":
        return Finding("C library", says)
    if tuple(map(int, version.split(".")[:2])) >= OLDEST_GLIBC:
        return Finding("C library", says)
    return Finding(
        "C library",
        says,
        "TensorFlow needs glibc 2.27 or newer: take a newer system, or the Dockerfile",
    )


def check_processor() -> Finding:
    """Names the processor and whether it multiplies bfloat16."""
    known = {
        True: "computes in bfloat16",
        False: "no bfloat16 (no avx512_bf16 or amx_bf16): --dtype bfloat16 is slower than float32",
        None: "whether it computes in bfloat16 isn't known",
    }
    gigabytes = round(processor.memory() / 1024)
    return Finding(
        "Processor",
        f"{processor.name()}, {processor.cores()} cores, {gigabytes} GB; "
        f"{known[processor.has_bfloat16()]}",
    )


def check_choice() -> Finding | None:
    """What the environment says about GPUs, if anything."""
    try:
        wanted = accelerator.wanted()
    except UsageError as error:
        return Finding(accelerator.VARIABLE, str(error), "set it to cpu or gpu, or unset it")
    if wanted:
        return Finding(accelerator.VARIABLE, wanted)
    return Finding("GPUs", "hidden by CUDA_VISIBLE_DEVICES") if accelerator.hidden() else None
