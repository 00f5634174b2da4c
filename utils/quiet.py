"""TensorFlow at its first use, and without its start-up chatter on the user's terminal.

Modules write `from utils.quiet import tf` instead of `import tensorflow as tf`: importing it takes
seconds, which a command's help, a wrong flag or a missing file shall not wait for.
"""

import contextlib
import functools
import gc
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from utils import accelerator
from utils.interruption import stopping_at_once
from utils.life import LIFE
from utils.terminal import diverted

_ONE_AT_A_TIME = threading.RLock()


def _is_no_false_alarm(record: logging.LogRecord) -> bool:
    # It takes networks that are traced once each for one that is traced anew with every batch.
    return "triggered tf.function retracing" not in record.getMessage()


def import_tensorflow() -> None:
    """Imports TensorFlow, for the first time, without its notes on CPUs and missing GPUs.

    Its C++ libraries write some of them to the terminal before any level is looked at; they are
    shown where the import fails. TF_CPP_MIN_LOG_LEVEL below 3 lets everything through.
    """
    # The terminal is turned away for the whole process, so threads must take turns.
    with _ONE_AT_A_TIME, stopping_at_once(), _without_collector():
        _import_tensorflow()
        logging.getLogger("tensorflow").addFilter(_is_no_false_alarm)


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Has the collector leave alone what is made inside, where it is TensorFlow.

    Its modules are some 600,000 objects that stay: looking for garbage among them, again and again,
    takes a third of the import, and some of all that follows.
    """
    if "tensorflow" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _import_tensorflow() -> None:
    if "tensorflow" in sys.modules:
        _prepare_devices()
        return
    # Its libraries are loaded without letting another thread speak.
    LIFE.give("Loading TensorFlow, which takes some seconds.")
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        import tensorflow  # noqa: F401

        _prepare_devices()
        return
    with tempfile.TemporaryFile() as notes:
        try:
            with diverted(notes.fileno()):
                import tensorflow as tf

                # The search for GPUs writes notes of its own, the first time.
                tf.config.list_physical_devices()
                _prepare_devices()
        except BaseException:
            notes.seek(0)
            os.write(2, notes.read())
            raise


@functools.cache
def _prepare_devices() -> None:
    # Once: later it would undo what a run has chosen since.
    accelerator.prepare(sys.modules["tensorflow"])


class _AtFirstUse(ModuleType):
    """Stands for TensorFlow; the first attribute that is asked for imports it."""

    def __getattr__(self, name: str) -> Any:
        import_tensorflow()
        return getattr(import_module("tensorflow"), name)


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _AtFirstUse("tensorflow")
