"""The one error of this folder."""


class ResultsError(ValueError):
    """Results that are missing, broken or don't belong together: one sentence with the cure."""
