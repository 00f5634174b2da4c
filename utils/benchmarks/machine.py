"""On what a benchmark ran, for its table."""

import os
import platform
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def processor() -> str:
    """The processor's name and how many cores this process may use."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def description(packages: tuple[str, ...] = ("tensorflow", "tf-slim", "numpy")) -> str:
    """One line: processor, load, versions, date."""
    versions = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    today = datetime.now(timezone.utc).date().isoformat()
    load = f"load average {os.getloadavg()[0]:.1f}"
    return f"{processor()}, {load}; {', '.join(versions)}; {today}"
