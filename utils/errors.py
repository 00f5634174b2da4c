"""Whatever ends the program with one sentence instead of a traceback, and with which exit code."""


class BenchError(Exception):
    """One sentence for the user: what cannot be used or done, and the cure.

    Attributes:
      exit_code: what the command returns: 1, or 2 for wrong usage.
    """

    exit_code = 1


class UsageError(BenchError):
    """A flag, or flags together, that can't be obeyed."""

    exit_code = 2


class MethodError(UsageError):
    """A method, mode or setting of an attack that can't be used."""


class RunError(BenchError):
    """A run that can't go on."""


class DataError(BenchError):
    """An image, a table or a path that can't be used."""


class ModelError(BenchError):
    """A network or checkpoint that can't be used."""


class UnknownNetwork(ModelError):
    """A network's name that is in no table, or a malformed one."""

    exit_code = 2


class ResultsError(BenchError):
    """Results that are missing, broken or don't belong together."""


class Interrupted(BenchError):
    """A signal asked the run to stop, and it stopped between two batches."""

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


def first_line(error: Exception) -> str:
    """Returns the first line of another library's error, to quote in one of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that the processor's or a GPU's memory doesn't suffice."""
    # TensorFlow's own kind is known by its name: the ground does without TensorFlow.
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"
        or "CUDA_ERROR_OUT_OF_MEMORY" in str(error)
    )
