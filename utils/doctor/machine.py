"""All checks of the machine, in the order in which one thing needs another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from utils import accelerator, nvidia
from utils.doctor import driver as drivers
from utils.doctor import framework, libraries, system
from utils.doctor.finding import Finding
from utils.quiet import tf

_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"


def examine() -> Iterator[Finding]:
    """Examines everything but networks and photos."""
    yield system.check_python()
    yield system.check_libc()
    yield system.check_processor()
    found, build = nvidia.find_driver(), tf.sysconfig.get_build_info()
    if chosen := system.check_choice():
        yield chosen
    yield framework.check_version(build, _pinned("tensorflow"))
    yield drivers.check_driver(found)
    yield from drivers.check_gpus(found, build)
    if found and not accelerator.hidden():
        yield from libraries.check_libraries()
        yield libraries.check_libdevice()
    yield framework.check_listed(found, len(tf.config.get_visible_devices("GPU")), build)


def _pinned(package: str) -> str:
    lines = _REQUIREMENTS.read_text("utf-8").splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))
