"""Victims that are no networks but files of answers, which another program gave to PNGs."""

# The kind that such a victim's name begins with: `predictions:PATH.csv`.
KIND = "predictions"
# Stands for the likely labels after the first, where a program told that one alone.
UNTOLD = -2


def holds_answers(network: str) -> bool:
    """Whether a network, as it is named without a short name, is a file of answers."""
    return network.partition(":")[0] == KIND
