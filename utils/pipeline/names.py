"""Names of files and folders made of names that users chose."""

import re


def safe_name(text: str) -> str:
    """Returns a name of letters, digits, "_", "-" and "." alone, which begins with none of "-."."""
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", text).lstrip(".-")[:100] or "_"
