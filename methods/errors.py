"""The error of this wing."""


class MethodError(ValueError):
    """A method, mode or setting that cannot be used, in one sentence that names it and the cure."""
