"""Names of classes, one a line from label 0 on, as a file of them and beside a CSV of labels."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from utils.errors import DataError
from utils.files import read_regular, write_atomically

FILE = "class_names.txt"
_MOST_BYTES = 1 << 24


def read_names(file: Path) -> tuple[str, ...]:
    """Returns a file's lines: a label's name, or several synonyms with commas between them.

    Raises:
      DataError: it can't be read, or is no list of names.
    """
    content = read_regular(file, _MOST_BYTES)
    if content is None:
        raise DataError(f"{file} has more than {_MOST_BYTES >> 20} MiB.")
    try:
        return tuple(line.strip() for line in content.decode("utf-8").splitlines())
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is no text in UTF-8 ({error}).") from error


def read_flag(file: Path) -> tuple[str, ...]:
    """Returns the lines of what the user gave as --class_names.

    Raises:
      DataError: it can't be read, or is no list of names.
    """
    try:
        return read_names(file)
    except DataError as error:
        raise DataError(
            f"--class_names {file} can't be read ({str(error).removesuffix('.')}): give a text "
            "file, one name a line, background first."
        ) from error


def write_beside(input_csv: Path, names: Sequence[str]) -> None:
    """Writes the list that `list_beside` finds, where there are names.

    Args:
      input_csv: the CSV.
      names: label -> name; label 0 is background, whatever it is called.

    Raises:
      DataError: it can't be written.
    """
    if names:
        lines = "".join(f"{name}\n" for name in ("background", *names[1:]))
        write_atomically(Path(input_csv).parent / FILE, lines.encode())


def list_beside(input_csv: Path) -> tuple[str, ...]:
    """Returns the lines of the file beside a CSV; none where there is none that can be used.

    Nobody named it, so that it must certainly count as labels do: from the background on.

    Args:
      input_csv: the CSV.
    """
    try:
        names = read_names(Path(input_csv).parent / FILE)
    except DataError:
        return ()
    return names if names[:1] == ("background",) else ()


def names_beside(input_csv: Path) -> tuple[str, ...]:
    """Returns the first synonym of each line of `list_beside`."""
    return first_synonyms(list_beside(input_csv))


def first_synonyms(lines: Iterable[str]) -> tuple[str, ...]:
    """Returns what tables call the classes of lines of names."""
    return tuple(" ".join(line.split(",")[0].split()) for line in lines)


def named_zoo(zoo: str, networks: Iterable[str]) -> str:
    """Returns the zoo whose classes networks know; "" where they have others, without names.

    A network of one's own with ten classes goes by the demo zoo, but knows none of its shapes.

    Args:
      zoo: "imagenet" or "demo".
      networks: their names, none of them a short one.
    """
    return "" if zoo == "demo" and all(":" in name for name in networks) else zoo
