"""From results to figure files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from utils.analysis.class_names import class_names
from utils.analysis.families import Family, families
from utils.analysis.figures import FIGURES, Choices
from utils.analysis.figures.style import save
from utils.analysis.runs import load_runs
from utils.analysis.summary_rows import summary_rows
from utils.errors import ResultsError

_FORMATS = ("png", "pdf", "svg")


def draw(
    results: Sequence[Path],
    output_dir: Path,
    names: Sequence[str],
    formats: Sequence[str],
    class_names_file: Path | None = None,
    **choices: object,
) -> list[Path]:
    """Draws figures and returns the files written.

    Args:
      results: folders with finished runs.
      output_dir: where files go; one folder a family where there are several.
      names: keys of FIGURES. Those that the results can't give (no sweep, say) are left out.
      formats: png, pdf, svg.
      class_names_file: as for `class_names`.
      **choices: fields of Choices.

    Raises:
      ResultsError: results, names or formats that can't be used, or nothing to draw.
    """
    for name in formats:
        if name not in _FORMATS:
            raise ResultsError(f"--formats holds {name!r}: give some of {', '.join(_FORMATS)}.")
    found = families(load_runs(results))
    written = []
    for number, family in enumerate(found):
        folder = output_dir / f"family{number + 1}" if len(found) > 1 else output_dir
        named = Choices(class_names=class_names(family.zoo, class_names_file), **choices)
        for name, figure in figures_of(family, names, named):
            written += save(figure, folder / name, formats)
    if not written:
        raise ResultsError(
            "These results give none of the figures: curves need several epsilons (sweep.py)."
        )
    return written


def figures_of(
    family: Family, names: Sequence[str], choices: Choices
) -> Iterator[tuple[str, Figure]]:
    """Yields (file name without suffix, figure), one at a time.

    Raises:
      ResultsError: a name that isn't in FIGURES.
    """
    for name in names:
        if name not in FIGURES:
            raise ResultsError(f"--figures holds {name!r}: give some of {', '.join(FIGURES)}.")
    rows = summary_rows(family)
    for name in names:
        for suffix, figure in FIGURES[name].draw(family, rows, choices):
            yield "_".join(part for part in (name, suffix) if part), figure
