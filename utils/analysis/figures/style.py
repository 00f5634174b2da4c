"""One look for all figures: readable in print, and without colour or colour vision."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.gridspec import SubplotSpec
from matplotlib.textpath import text_to_path

from utils.text import one_line

WIDTH = 7.2  # inches, a page's text width
_MOST_METHODS = 4
rcParams.update(
    {
        "font.size": 8,
        "axes.titlesize": 7.5,
        "figure.labelsize": 7,
        "legend.handlelength": 3,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#DDDDDD",
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.4,
        "lines.markersize": 4,
        "legend.frameon": False,
        "pdf.fonttype": 42,
        "savefig.dpi": 200,
        # The same results give the same file.
        "svg.hashsalt": "figures",
        # A dollar in a name is a dollar.
        "text.parse_math": False,
        "text.usetex": False,
    }
)


def panels(
    count: int, columns: int = 4, height: float = 1.9, **sharing: Any
) -> tuple[Figure, list[Axes]]:
    """Makes a figure of `count` panels, at most `columns` side by side."""
    columns = min(columns, count)
    rows = -(-count // columns)
    width = WIDTH if columns > 1 else WIDTH / 2
    # Not of pyplot, which would keep it open until it is closed.
    figure = Figure(figsize=(width, height * rows + 0.5), layout="constrained")
    flat = list(figure.subplots(rows, columns, squeeze=False, **sharing).flat)
    for unused in flat[count:]:
        unused.set_axis_off()
    drawn = flat[:count]
    for axes in _lowest(drawn):
        # One that has an empty place below it would lose its numbers to that.
        axes.xaxis.set_tick_params(labelbottom=True)
    return figure, drawn


def grid_of_methods(count: int, rows: int, **sharing: Any) -> tuple[Figure, list[list[Axes]]]:
    """Makes a column of `rows` panels for each of `count` methods, four of them side by side.

    Returns the figure, and each method's panels from above.
    """
    # As many in each line as there can be, with as few places empty.
    across = -(-count // -(-count // _MOST_METHODS))
    lines = -(-count // across)
    figure, axes = panels(rows * lines * across, across, height=2.1, sharey="row", **sharing)
    columns = [
        [axes[(line * rows + row) * across + place] for row in range(rows)]
        for line in range(lines)
        for place in range(across)
    ]
    for unused in (panel for column in columns[count:] for panel in column):
        unused.set_axis_off()
    for column in columns[:count]:
        # Below it stands another method's.
        column[-1].xaxis.set_tick_params(labelbottom=True)
    return figure, columns[:count]


def begins_a_line(axes: Axes) -> bool:
    """Whether a panel is the leftmost of its line, where the y axis is named."""
    return _place(axes).is_first_col()


def x_label(drawn: Sequence[Axes], text: str) -> None:
    """Names the x axis, once a column of panels."""
    for axes in _lowest(drawn):
        axes.set_xlabel(text)


def rate_axis(axes: Axes, label: str) -> None:
    """Sets an axis of percent."""
    axes.set_ylabel(label)
    axes.set_ylim(-2, 102)
    axes.set_yticks(range(0, 101, 25))


def name_panel(axes: Axes, victim: str, setting: str | None = None) -> None:
    """Writes a name above a panel, in lines that fit, and below it that it is the white-box one."""
    size = rcParams["axes.titlesize"]
    text = wrapped(one_line(victim), panel_width(axes) - 0.3, size)
    axes.set_title(text + ("\n(white-box)" if setting == "white-box" else ""))


def panel_width(axes: Axes) -> float:
    """Returns how wide a panel's place is, in inches."""
    figure = cast(Figure, axes.get_figure())
    return figure.get_size_inches()[0] / _place(axes).get_gridspec().ncols


def wrapped(text: str, width: float, size: float) -> str:
    """Breaks a text into lines of at most `width` inches at a size in points.

    Lines end after blanks and the marks that names are made of, and within a word that is too long.
    """
    room, lines, line = 72 * width, [], ""
    pieces = re.findall(r"[^\s_/+:-]*[\s_/+:-]|[^\s_/+:-]+", text)
    while pieces:
        piece = pieces.pop(0)
        if _length((line + piece).rstrip(), size) <= room:
            line += piece
        elif line:
            lines.append(line)
            line = ""
            pieces.insert(0, piece)
        else:
            fits = next(
                n for n in range(len(piece), 0, -1) if n == 1 or _fits(piece[:n], room, size)
            )
            lines.append(piece[:fits])
            pieces[:0] = [piece[fits:]] if piece[fits:] else []
    return "\n".join(part.rstrip() if len(lines) else part for part in [*lines, line] if part)


def caption(figure: Figure, text: str) -> None:
    """Puts a text below all panels, and above them the legend of what is drawn in any of them."""
    drawn: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            drawn.setdefault(label, handle)
    width = figure.get_size_inches()[0] - 0.2
    if drawn:
        size = rcParams["font.size"]
        # The handle, the gaps beside it and between two columns, in the legend's own units.
        entry = max(_length(label, size) for label in drawn) + (3 + 0.8 + 2) * size
        columns = max(1, min(len(drawn), 4, int(72 * width / entry)))
        figure.legend(drawn.values(), drawn, loc="outside upper center", ncols=columns)
    figure.supxlabel(wrapped(one_line(text), width, rcParams["figure.labelsize"]))


def _place(axes: Axes) -> SubplotSpec:
    return cast(SubplotSpec, axes.get_subplotspec())


def _lowest(drawn: Sequence[Axes]) -> list[Axes]:
    """Returns the lowest panel of each column."""
    lowest: dict[int, Axes] = {}
    for axes in drawn:
        lowest[_place(axes).colspan.start] = axes
    return list(lowest.values())


def _fits(text: str, room: float, size: float) -> bool:
    return _length(text, size) <= room


@lru_cache(maxsize=4096)
def _length(text: str, size: float) -> float:
    """Returns a text's length in points."""
    font = FontProperties(size=size)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
