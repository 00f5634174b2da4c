"""What the models wing raises."""


class ModelError(ValueError):
    """A network or checkpoint that cannot be used; the message is one sentence for the user."""


class UnknownNetwork(ModelError):
    """A network's name that is in no table, or a malformed one."""
