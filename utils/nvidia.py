"""What an NVIDIA driver says of itself and its GPUs; asks nvidia-smi, needs no TensorFlow."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_QUERY = "nvidia-smi"
_KERNEL_MODULE = Path("/proc/driver/nvidia/version")
_FIELDS = ("driver_version", "name", "memory.total", "compute_cap")
_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
      name: as the driver calls it.
      memory: in MiB; 0 where the driver doesn't say.
      capability: compute capability, such as (9, 0); None where the driver doesn't say.
    """

    name: str
    memory: int = 0
    capability: tuple[int, int] | None = None

    def __str__(self) -> str:
        parts = [self.name]
        if self.memory:
            parts.append(f"{self.memory} MiB")
        if self.capability:
            parts.append("compute capability {}.{}".format(*self.capability))
        return ", ".join(parts)


@dataclass(frozen=True)
class Driver:
    """An NVIDIA driver.

    Attributes:
      version: such as "550.54.14"; empty where it can't be told.
      gpus: that it shows.
      failure: what nvidia-smi complained of; empty where it didn't.
    """

    version: str
    gpus: tuple[Gpu, ...] = ()
    failure: str = ""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version, to compare."""
        return tuple(map(int, re.findall(r"\d+", self.version)))


def find_driver() -> Driver | None:
    """Returns this machine's NVIDIA driver, or None where there is none."""
    module = _module_version()
    if shutil.which(_QUERY) is None:
        return None if module is None else Driver(module, failure=f"{_QUERY} is not there")
    # An old nvidia-smi doesn't know compute_cap.
    for fields in (_FIELDS, _FIELDS[:3]):
        rows, failure = _ask(fields)
        if rows:
            return Driver(rows[0][0], tuple(_gpu(row) for row in rows))
    # The command may have been left behind, as in a container's image, where no driver is.
    absent = module is None and not Path("/dev/nvidiactl").exists()
    return None if absent else Driver(module or "", failure=failure)


def _ask(fields: tuple[str, ...]) -> tuple[list[list[str]], str]:
    """One row a GPU, or none and the complaint."""
    command = [_QUERY, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], str(error)
    rows = [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines()]
    if done.returncode or not all(len(row) == len(fields) for row in rows):
        said = (done.stdout + done.stderr).strip().splitlines()
        return [], said[0][:200] if said else f"it ended with {done.returncode}"
    return rows, "" if rows else "it shows no GPU"


def _gpu(row: list[str]) -> Gpu:
    _, name, memory, *rest = row
    found = re.fullmatch(r"(\d+)\.(\d+)", rest[0]) if rest else None
    capability = (int(found[1]), int(found[2])) if found else None
    return Gpu(name, int(memory) if memory.isdecimal() else 0, capability)


def _module_version() -> str | None:
    """The kernel module's version, which stands on its first line between two spaces."""
    try:
        first = _KERNEL_MODULE.read_text(errors="replace").partition("\n")[0]
    except OSError:
        return None
    found = re.search(r" (\d+(?:\.\d+)+)  ", first + "  ")
    return found[1] if found else ""
