"""Gains by source and victim as heat maps: where a corrected direction pays, network by network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from utils.analysis.amounts import L2
from utils.analysis.document import interval
from utils.analysis.families import Family
from utils.analysis.figures.selection import Drawn, NotDrawn, Selection
from utils.analysis.figures.style import WIDTH, caption, panels, wrapped, x_label
from utils.analysis.source_matrix import (
    equal_matrix_rows,
    leads,
    matrix_rows,
    method_titles,
    sources_of,
    title_of_sources,
    victims_of,
)
from utils.analysis.summary_rows import MEAN
from utils.errors import ResultsError
from utils.text import one_line

# Two of Okabe and Ito's colours that are as light as each other: black is readable on both.
BEHIND, AHEAD = "#56B4E9", "#E69F00"
COLOURS = LinearSegmentedColormap.from_list("gain", (BEHIND, "#FFFFFF", AHEAD))
_MISSING = "#E4E4E4"
# Of a smaller largest gain the colours would show noise as strongly as an effect; points.
_LEAST_RANGE = 10.0
_CELL = 0.64, 0.36  # inches
_NAMES = 1.3  # inches
_NAME_SIZE, _GAIN_SIZE, _INTERVAL_SIZE = 7, 7.5, 5.5  # points
# More victims than that stand below each other, so that the figure stays as wide as a page.
_MOST_ACROSS = 9
# Column names of more lines stand upright.
_MOST_LINES = 4


def gains_by_source(selection: Selection) -> Drawn:
    """Draws a panel a method and mode: a cell a source and victim, the gain with its interval."""
    family, size = selection.family, selection.size
    if not leads(family):
        first = sources_of(family)[0].source
        yield "", NotDrawn(f"that of source {first} has it, of all sources")
        return
    sizes, modes = [] if size is None else [size], selection.choices.modes
    rows = _chosen(selection, matrix_rows(family, sizes, modes))
    if size is None or rows.empty:
        yield "", NotDrawn("it needs sign and another mode of the chosen methods at one bound")
        return
    at = str(family.bound(size))
    yield "", _figure(family, rows, f"at {at}")
    try:
        equal = _chosen(selection, equal_matrix_rows(family, L2, sizes, modes))
    except ResultsError:
        # Without a sweep there is nothing to compare at equal length.
        return
    gains = {"difference": "gain_over_sign", "low": "gain_low", "high": "gain_high"}
    yield "equal_l2", _figure(family, equal.rename(columns=gains), f"of the same mean L2, {at}")


def _chosen(selection: Selection, rows: pd.DataFrame) -> pd.DataFrame:
    methods = selection.choices.methods
    return rows[rows["method"].isin(methods)] if methods else rows


def _figure(family: Family, rows: pd.DataFrame, where: str) -> Figure:
    titles = method_titles(family)
    sources, victims = list(dict.fromkeys(rows["source"])), victims_of(rows)
    upright = len(victims) > _MOST_ACROSS
    down, across = (victims, sources) if upright else (sources, victims)
    groups = list(rows.groupby(["method", "mode"], sort=False))
    figure, axes = _grid(len(groups), across, down)
    largest = float(np.nanmax([*rows["gain_over_sign"].abs(), _LEAST_RANGE]))
    for panel, ((method, mode), of_panel) in zip(axes, groups, strict=True):
        columns = ("source", "victim") if upright else ("victim", "source")
        _cells(panel, of_panel, columns, (across, down), largest)
        title = f"{titles[method]}, {one_line(mode)}"
        panel.set_title(wrapped(title, _CELL[0] * len(across) + 0.1, rcParams["axes.titlesize"]))
    x_label(axes, "source" if upright else "victim")
    dagger = " † white-box." if rows["setting"].eq("white-box").any() else ""
    caption(
        figure,
        f"Gain over sign {where}, in points, with 95 % intervals; bold where it differs from 0. "
        f"Orange: ahead of sign, blue: behind, full colour at {largest:.0f} points.{dagger} "
        f"{family.goal_of}. {title_of_sources(family)}",
    )
    return figure


def _grid(count: int, across: Sequence[str], down: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Makes as many panels as fit side by side, all of the same cells, with their names."""
    width, height = _CELL[0] * len(across) + 0.15, _CELL[1] * len(down) + 0.3
    columns = min(count, max(1, int((WIDTH - _NAMES) / width)))
    figure, axes = panels(count, columns=columns, height=height, sharex=True, sharey=True)
    flat = [wrapped(name, _CELL[0] - 0.06, _NAME_SIZE) for name in across]
    lines = max(name.count("\n") + 1 for name in flat)
    upright = lines > _MOST_LINES
    names = [wrapped(name, _NAMES, _NAME_SIZE) for name in across] if upright else flat
    for panel in axes:
        panel.set_xticks(range(len(across)), names, rotation=90 if upright else 0)
        panel.set_yticks(range(len(down)), [wrapped(name, _NAMES, _NAME_SIZE) for name in down])
        panel.tick_params(length=0, labelsize=_NAME_SIZE)
    # The last row may be shorter than the others: then two of them have names below.
    below = (_NAMES if upright else 1.3 * lines * _NAME_SIZE / 72) + 0.2
    below *= 2 if count > columns and count % columns else 1
    figure.set_size_inches(
        max(_NAMES + columns * width, WIDTH / 2), figure.get_size_inches()[1] + below
    )
    return figure, axes


def _cells(
    panel: Axes,
    rows: pd.DataFrame,
    columns: tuple[str, str],
    names: tuple[Sequence[str], Sequence[str]],
    largest: float,
) -> None:
    """Draws a panel's cells; grey ones hold nothing.

    Args:
      panel: where.
      rows: of one method and mode.
      columns: what lies across and what down.
      names: of these, in order.
      largest: the gain of full colour, in points.
    """
    across, down = names
    gains = np.full((len(down), len(across)), np.nan)
    for row in rows.to_dict("records"):
        x, y = across.index(row[columns[0]]), down.index(row[columns[1]])
        gains[y, x] = gain = row["gain_over_sign"]
        mark = "†" if row["setting"] == "white-box" else ""
        weight = "bold" if row["significant"] == 1 else "normal"
        middle: dict[str, Any] = {"ha": "center", "va": "center"}
        note = str(row.get("note", ""))
        if pd.isna(gain):
            text = note.replace(" ", "\n", 1) + mark
            panel.text(x, y, text, fontsize=_INTERVAL_SIZE, **middle)
            continue
        panel.text(
            x, y - 0.16, f"{gain:+.1f}{mark}", fontsize=_GAIN_SIZE, fontweight=weight, **middle
        )
        low, high = row["gain_low"], row["gain_high"]
        limits = note.partition(":")[0] if pd.isna(low) else interval(low, high)
        panel.text(x, y + 0.22, limits, fontsize=_INTERVAL_SIZE, **middle)
    panel.set_facecolor(_MISSING)
    edges = np.arange(len(across) + 1) - 0.5, np.arange(len(down) + 1) - 0.5
    panel.pcolormesh(
        *edges,
        np.ma.masked_invalid(gains),
        cmap=COLOURS,
        vmin=-largest,
        vmax=largest,
        edgecolors="#DDDDDD",
        linewidth=0.6,
    )
    for line, place in ((panel.axvline, across), (panel.axhline, down)):
        if MEAN in place:
            line(len(place) - 1.5, color="white", linewidth=5)
    panel.set_xlim(-0.5, len(across) - 0.5)
    panel.set_ylim(len(down) - 0.5, -0.5)
    panel.grid(visible=False)
    panel.spines[["left", "bottom"]].set_visible(False)
