"""One look for all figures: readable in print, and without colour or colour vision."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 7.2  # inches, a page's text width
# Okabe and Ito's colours; marker and dash tell the modes apart in grey, too.
_MODES = {
    "sign": ("#0072B2", "o", "-"),
    "affine": ("#D55E00", "s", "--"),
    "test": ("#009E73", "^", "-."),
    "raw": ("#CC79A7", "D", ":"),
    "staircase": ("#E69F00", "v", (0, (5, 1))),
    "random": ("#56B4E9", "x", (0, (1, 2))),
    "matched": ("#000000", "P", (0, (3, 1, 1, 1))),
}
_NO_DATE = {".png": {}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
_OTHER = ("#7F7F7F", "*", "-")
_RC = {
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
}


plt.rcParams.update(_RC)


def mode_style(mode: str) -> dict[str, object]:
    """Returns a mode's colour, marker and line for `plot`."""
    color, marker, line = _MODES.get(mode, _OTHER)
    return {"color": color, "marker": marker, "linestyle": line}


def panels(
    count: int, columns: int = 4, height: float = 1.9, **options: object
) -> tuple[Figure, list[Axes]]:
    """Makes a figure of `count` panels, at most `columns` side by side."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(WIDTH if columns > 1 else WIDTH / 2, height * rows + 0.5),
        squeeze=False,
        layout="constrained",
        **options,
    )
    flat = list(axes.flat)
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
    axes.set_title(victim + ("\n(white-box)" if setting == "white-box" else ""))


def legend_above(figure: Figure, axes: Axes) -> None:
    """Puts one legend for all panels above them."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=min(len(handles), 4),
        )


def save(figure: Figure, path: Path, formats: Sequence[str]) -> list[Path]:
    """Writes a figure in every format and closes it.

    Args:
      figure: what to write.
      path: without suffix.
      formats: such as png and pdf.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [path.with_name(f"{path.name}.{kind}") for kind in formats]
    for file in written:
        # No date: the same results give the same file.
        figure.savefig(file, metadata=_NO_DATE[file.suffix])
    plt.close(figure)
    return written
