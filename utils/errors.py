"""What ends a run with one sentence instead of a traceback, and with which exit code."""

from data import DataError
from methods import MethodError
from models import ModelError, UnknownNetwork


class UsageError(ValueError):
    """A flag, or flags together, that can't be obeyed."""


class RunError(RuntimeError):
    """A run that can't go on."""


class Interrupted(RuntimeError):
    """A signal asked the run to stop, and it stopped between two batches."""

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


FRIENDLY = (UsageError, RunError, Interrupted, DataError, MethodError, ModelError)


def exit_code(error: Exception) -> int:
    """Returns 2 for wrong usage, 128 + the signal for an interruption, else 1."""
    if isinstance(error, Interrupted):
        return error.exit_code
    return 2 if isinstance(error, (UsageError, MethodError, UnknownNetwork)) else 1
