"""What the models wing raises."""


class ModelError(ValueError):
    """A network or checkpoint that cannot be used; the message is one sentence for the user."""


class UnknownNetwork(ModelError):
    """A network's name that is in no table, or a malformed one."""


def first_line(error: Exception) -> str:
    """The first line of another library's error, to quote in one of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
