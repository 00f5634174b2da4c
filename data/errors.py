"""The one error of this folder."""


class DataError(ValueError):
    """An image, a label file or an output path that can't be used: one sentence with the cure."""
