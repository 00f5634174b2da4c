"""One look for all figures: readable in print, and without colour or colour vision."""

from typing import Any

from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.document import one_line

WIDTH = 7.2  # inches, a page's text width
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
    return figure, flat[:count]


def rate_axis(axes: Axes, label: str) -> None:
    """Sets an axis of percent."""
    axes.set_ylabel(label)
    axes.set_ylim(-2, 102)
    axes.set_yticks(range(0, 101, 25))


def name_panel(axes: Axes, victim: str, setting: str | None) -> None:
    """Writes a victim's name above a panel, and below it that it is the white-box one."""
    axes.set_title(one_line(victim) + ("\n(white-box)" if setting == "white-box" else ""))


def caption(figure: Figure, text: str) -> None:
    """Puts a text below all panels, and above them the legend of what is drawn in any of them."""
    drawn: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            drawn.setdefault(label, handle)
    if drawn:
        columns = min(len(drawn), 4)
        figure.legend(drawn.values(), drawn, loc="outside upper center", ncols=columns)
    figure.supxlabel(one_line(text))
