"""What this machine's processor is; needs no TensorFlow."""

import os
import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
# As Linux names the instructions that multiply bfloat16: x86's two, and ARM's.
_BFLOAT16 = frozenset(("avx512_bf16", "amx_bf16", "bf16"))


def name() -> str:
    """Returns the model's name, as far as the system tells."""
    names = _values("model name")
    return names[0] if names else platform.processor() or platform.machine()


def cores() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> int:
    """Returns the machine's memory in MiB; 0 where the system doesn't tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, OSError, ValueError):
        return 0


def has_bfloat16() -> bool | None:
    """Whether it multiplies bfloat16 itself; None where the system doesn't tell."""
    instructions = _values("flags") or _values("Features")
    return bool(_BFLOAT16 & set(instructions[0].split())) if instructions else None


def _values(field: str) -> list[str]:
    try:
        lines = _CPUINFO.read_text(errors="replace").splitlines()
    except OSError:
        return []
    pairs = (line.partition(":") for line in lines)
    return [value.strip() for key, _, value in pairs if key.strip() == field]
