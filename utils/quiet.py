"""Keeps TensorFlow's start-up chatter off the user's terminal."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Imports TensorFlow without its notes on CPUs and missing GPUs.

    Its C++ libraries write some of them to the terminal before any level is looked at; they are
    shown where the import fails. TF_CPP_MIN_LOG_LEVEL below 3 lets everything through.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3":
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
            _look_for_devices()
        except BaseException:
            notes.seek(0)
            os.write(terminal, notes.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)


def _look_for_devices() -> None:
    # The search for GPUs writes notes of its own, the first time.
    import tensorflow as tf

    tf.config.list_physical_devices()
