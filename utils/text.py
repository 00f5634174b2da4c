"""Text that others chose, before it is shown."""

import unicodedata


def one_line(text: str) -> str:
    """Returns a text without what breaks lines, reverses its direction or can't be seen."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)
