"""Whether each of CUDA's libraries loads, as TensorFlow would load them."""

import ctypes
import os
import re
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from utils.doctor.finding import Finding

# Library -> the package that brings it, and its folder there.
LIBRARIES = {
    "libcudart.so.12": ("nvidia-cuda-runtime-cu12", "cuda_runtime"),
    "libcublasLt.so.12": ("nvidia-cublas-cu12", "cublas"),
    "libcublas.so.12": ("nvidia-cublas-cu12", "cublas"),
    "libnvJitLink.so.12": ("nvidia-nvjitlink-cu12", "nvjitlink"),
    "libcufft.so.11": ("nvidia-cufft-cu12", "cufft"),
    "libcusparse.so.12": ("nvidia-cusparse-cu12", "cusparse"),
    "libcusolver.so.11": ("nvidia-cusolver-cu12", "cusolver"),
    "libcudnn.so.9": ("nvidia-cudnn-cu12", "cudnn"),
    "libcupti.so.12": ("nvidia-cuda-cupti-cu12", "cuda_cupti"),
    "libnccl.so.2": ("nvidia-nccl-cu12", "nccl"),
}
DRIVER_LIBRARY = "libcuda.so.1"
_TOOLKIT = Path("/usr/local/cuda")
_LIBDEVICE = Path("nvvm", "libdevice", "libdevice.10.bc")
_INSTALL = "install requirements-gpu.txt into this environment (pip install -r requirements-gpu.txt"
_INSTALL += " -c requirements.lock)"

Load = Callable[[str], object]


def packages_folder() -> Path:
    """Where pip puts NVIDIA's packages."""
    return Path(sysconfig.get_paths()["purelib"]) / "nvidia"


def check_libraries(load: Load = ctypes.CDLL, folder: Path | None = None) -> Iterator[Finding]:
    """Tries to load each library.

    Args:
      load: raises OSError where it can't.
      folder: of NVIDIA's packages.
    """
    folder = packages_folder() if folder is None else folder
    if complaint := _try([DRIVER_LIBRARY], load):
        yield Finding(
            DRIVER_LIBRARY,
            complaint,
            "it comes with the driver: install that, or, in a container, start it with --gpus all",
        )
    missing = []
    for name, (package, place) in LIBRARIES.items():
        # TensorFlow looks into the packages first.
        if complaint := _try([str(folder / place / "lib" / name), name], load):
            missing.append(f"\n  {name} of {package}: {complaint.removeprefix(f'{name}: ')}")
    of_all = f"of {len(LIBRARIES)}"
    if not missing:
        yield Finding("CUDA libraries", f"all {of_all} load")
        return
    says = f'{len(missing)} {of_all} don\'t load ("Cannot dlopen some GPU libraries"):'
    yield Finding("CUDA libraries", says + "".join(missing), _INSTALL)


def check_libdevice(folder: Path | None = None) -> Finding:
    """Whether XLA, and so --jit_compile, finds what it links kernels with."""
    folder = packages_folder() if folder is None else folder
    given = re.findall(r"--xla_gpu_cuda_data_dir=(\S+)", os.environ.get("XLA_FLAGS", ""))
    places = [*map(Path, given), folder / "cuda_nvcc", _TOOLKIT]
    for place in places:
        if (place / _LIBDEVICE).is_file():
            return Finding("libdevice", str(place / _LIBDEVICE))
    return Finding(
        "libdevice",
        'not found: --jit_compile would end with "libdevice not found"',
        f"{_INSTALL}, or set XLA_FLAGS=--xla_gpu_cuda_data_dir=FOLDER to the CUDA toolkit",
    )


def _try(names: list[str], load: Load) -> str:
    """Empty, or why none of a library's names loads."""
    complaint = ""
    for name in names:
        try:
            load(name)
            return ""
        except OSError as error:
            # The first place that is there tells more than that the others are not.
            if not complaint or "No such file" in complaint:
                complaint = str(error)[:200]
    return complaint
