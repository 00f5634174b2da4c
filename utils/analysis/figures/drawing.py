"""From families of runs to figure files."""

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from tqdm import tqdm

from utils.analysis.families import Family
from utils.analysis.figures import FIGURES
from utils.analysis.figures.selection import Choices, NotDrawn, Selection
from utils.analysis.output import file_name, save
from utils.errors import ResultsError

# Format -> its metadata. No date: the same results give the same file.
_FORMATS: dict[str, dict] = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}


def draw(
    found: Sequence[Family], choices: Choices, output_dir: Path, formats: Sequence[str]
) -> list[Path]:
    """Draws figures and returns the files written, in a folder a family where there are several.

    What can't be drawn is told on standard error, with the reason.

    Raises:
      ResultsError: choices or formats that can't be obeyed, or nothing to draw.
    """
    for name in formats:
        if name not in _FORMATS:
            raise ResultsError(f"--formats holds {name!r}: give some of {', '.join(_FORMATS)}.")
    written: list[Path] = []
    reasons: list[str] = []
    for number, family in enumerate(found):
        folder = output_dir / f"family{number + 1}" if len(found) > 1 else output_dir
        for _, name, figure in figures_of(Selection(family, choices), choices.figures):
            if isinstance(figure, NotDrawn):
                tqdm.write(f"Not drawn: {name}: {figure}.", file=sys.stderr)
                reasons.append(f"{name}: {figure}")
                continue
            for kind in formats:
                buffer = io.BytesIO()
                figure.savefig(buffer, format=kind, metadata=_FORMATS[kind])
                written.append(folder / f"{file_name(name)}.{kind}")
                save(written[-1], buffer.getvalue())
    if not written:
        raise ResultsError(f"These results give none of the figures ({'; '.join(reasons)}).")
    return written


def figures_of(
    selection: Selection, names: Sequence[str]
) -> Iterator[tuple[str, str, Figure | NotDrawn]]:
    """Yields (key of FIGURES, file name without suffix, figure or why not), one at a time.

    A bar on the terminal moves with the kinds.

    Raises:
      ResultsError: a name that isn't in FIGURES.
    """
    for name in names:
        if name not in FIGURES:
            raise ResultsError(f"--figures holds {name!r}: give some of {', '.join(FIGURES)}.")
    # Nothing is shown where nobody looks, as in a pipe.
    with tqdm(names, "Drawing", unit="kind", disable=None, leave=False) as bar:
        for name in bar:
            bar.set_postfix_str(name)
            for suffix, figure in FIGURES[name].draw(selection):
                yield name, "_".join(part for part in (name, suffix) if part), figure
