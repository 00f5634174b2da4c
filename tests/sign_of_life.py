"""What a command says to standard error, but for the line that it is at work."""

import re


def without_sign_of_life(text: str) -> str:
    """Takes that line away: a busy machine makes any command slow enough to say it.

    Args:
      text: all that went to standard error.
    """
    return re.sub(r"\A\w+\.py: At work\.\n", "", text)
