"""Keeps TensorFlow's start-up chatter off the user's terminal."""

import functools
import os
import sys
import tempfile

from utils import accelerator


def import_tensorflow() -> None:
    """Imports TensorFlow, for the first time, without its notes on CPUs and missing GPUs.

    Its C++ libraries write some of them to the terminal before any level is looked at; they are
    shown where the import fails. TF_CPP_MIN_LOG_LEVEL below 3 lets everything through.
    """
    if "tensorflow" in sys.modules:
        _prepare_devices()
        return
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        import tensorflow  # noqa: F401

        _prepare_devices()
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            import tensorflow as tf

            # The search for GPUs writes notes of its own, the first time.
            tf.config.list_physical_devices()
            _prepare_devices()
        except BaseException:
            notes.seek(0)
            os.write(terminal, notes.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)


@functools.cache
def _prepare_devices() -> None:
    # Once: later it would undo what a run has chosen since.
    accelerator.prepare(sys.modules["tensorflow"])
