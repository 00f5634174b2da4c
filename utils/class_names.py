"""Names of classes, one a line from label 0 on, in the file that lies beside a CSV of labels."""

from pathlib import Path

FILE = "class_names.txt"
_LONGEST = 1 << 20  # characters


def names_beside(input_csv: Path) -> tuple[str, ...]:
    """Returns the names by label, the first of several synonyms; none where no file can be used.

    Args:
      input_csv: the CSV.
    """
    file = Path(input_csv).parent / FILE
    try:
        # Of a pipe or a device there would be no end.
        if not file.is_file():
            return ()
        with open(file, encoding="utf-8") as text:
            lines = text.read(_LONGEST).splitlines()
    except (OSError, ValueError):
        return ()
    return tuple(" ".join(line.split(",")[0].split()) for line in lines)
