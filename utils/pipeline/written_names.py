"""The class names that a run's own table tells, for a run whose CSV moved without them."""

import csv
from pathlib import Path

from utils.errors import DataError
from utils.files import read_regular
from utils.pipeline.tables import NAMES

_MOST_BYTES = 1 << 28


def names_written(per_image: Path) -> tuple[str, ...]:
    """Returns the names by label, empty for labels that don't occur; none where it tells none.

    Args:
      per_image: the run's per_image.csv.
    """
    found: dict[int, str] = {}
    try:
        text = (read_regular(per_image, _MOST_BYTES) or b"").decode("utf-8")
        for row in csv.DictReader(text.splitlines()):
            for label, name in NAMES.items():
                if row.get(name) and row.get(label, "").isdecimal():
                    found[int(row[label])] = row[name]
    except (DataError, ValueError, csv.Error):
        return ()
    # As many as ImageNet has: a table that tells of more is none that a run has left.
    if not found or max(found) > 1000:
        return ()
    return tuple(found.get(label, "") for label in range(max(found) + 1))
