"""Top-1 and top-5 accuracy and mean confidence of the victims, against the bound."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from utils.analysis.faces import face
from utils.analysis.families import Family
from utils.analysis.figures.selection import ONE_SIZE, Drawn, NotDrawn, Selection
from utils.analysis.figures.style import caption, name_panel, panels, rate_axis, x_label
from utils.statistics import mean_interval

_MEASURES = {"top1": "top-1 accuracy, %", "top5": "top-5 accuracy, %", "conf": "mean confidence, %"}
_TOP_BIN = 99
_BIN_WIDTH = 5
_SMALLEST_BIN = 20  # predictions
# What a line shows and how.
_Line: TypeAlias = tuple[pd.DataFrame, dict[str, Any]]


def accuracy_over_bound(selection: Selection) -> Drawn:
    """Draws one figure a method: three panels over all black-box victims, a line a mode."""
    for method, of_method in _swept(selection):
        if isinstance(of_method, NotDrawn):
            yield method, of_method
            continue
        figure, axes = panels(len(_MEASURES), columns=3, sharex=True)
        modes = of_method.groupby("mode", sort=False)
        lines = [(table, {"label": face(mode).title, **face(mode).style}) for mode, table in modes]
        _draw(axes, lines, selection)
        caption(figure, _over_victims(selection, method))
        yield method, figure


def accuracy_by_confidence(selection: Selection) -> Drawn:
    """Draws one figure a method: a row a mode, a line a bin of the clean confidence.

    Bins are 5 points wide from 99 % down; those with fewer than 20 predictions are joined with
    their neighbours below, and the last with that above.
    """
    columns = len(_MEASURES)
    for method, of_method in _swept(selection):
        if isinstance(of_method, NotDrawn):
            yield method, of_method
            continue
        whole = len(of_method)
        of_method = of_method.dropna(subset="clean_confidence")
        modes = of_method.groupby("mode", sort=False)
        if of_method.empty:
            yield method, NotDrawn("no black-box victim's confidence was told")
            continue
        if (of_method[of_method["size"] == 0].groupby("mode")["size"].count() < 2).any():
            yield method, NotDrawn("it needs more than one prediction")
            continue
        figure, axes = panels(columns * modes.ngroups, columns=columns, sharex=True)
        for row, (mode, table) in enumerate(modes):
            of_mode = axes[row * columns : (row + 1) * columns]
            _draw(of_mode, _lines_of_bins(table), selection)
            for panel in of_mode:
                name_panel(panel, face(mode).title)
        which = ", of victims that told it" if len(of_method) < whole else ""
        caption(figure, f"Lines: clean confidence{which}. {_over_victims(selection, method)}")
        yield method, figure


def confidence_bins(confidence: pd.Series) -> pd.Series:
    """Returns the lower edge, in percent, of each confidence's bin.

    Args:
      confidence: in [0, 1].
    """
    percent = 100 * confidence
    steps = np.ceil((_TOP_BIN - percent) / _BIN_WIDTH).clip(lower=0)
    return (_TOP_BIN - _BIN_WIDTH * steps).clip(lower=0).astype(int)


def _swept(selection: Selection) -> Iterator[tuple[str, pd.DataFrame | NotDrawn]]:
    """Yields (method, its predictions), or why not where it wasn't run with two bounds."""
    table = _measured(selection.family)
    for method in selection.methods:
        of_method = table[table["method"] == method]
        # One of the sizes is the clean images' 0.
        yield method, of_method if of_method["size"].nunique() >= 3 else ONE_SIZE


def _measured(family: Family) -> pd.DataFrame:
    """One row a prediction, the clean ones at size 0."""
    table = family.per_image
    if family.black_box:
        table = table[table["victim"].isin(family.black_box)]
    keep = ["method", "mode", "size", "image_id", "clean_confidence"]
    attacked = table[keep].assign(
        top1=table["adversarial_label"] == table["true_label"],
        top5=table["adversarial_top5"],
        conf=table["adversarial_confidence"],
    )
    first = table.drop_duplicates(["method", "mode", "victim", "image_id"])
    clean = first[keep].assign(
        size=0.0,
        top1=first["clean_label"] == first["true_label"],
        top5=first["clean_top5"],
        conf=first["clean_confidence"],
    )
    return pd.concat([clean, attacked])


def _lines_of_bins(table: pd.DataFrame) -> list[_Line]:
    bins = confidence_bins(table["clean_confidence"])
    counts = bins[table["size"] == 0].value_counts().sort_index(ascending=False)
    groups: list[list[int]] = [[]]
    for edge in counts.index:
        groups[-1].append(edge)
        if counts[groups[-1]].sum() >= _SMALLEST_BIN:
            groups.append([])
    if not groups[-1]:
        groups.pop()
    elif len(groups) > 1 and counts[groups[-1]].sum() < _SMALLEST_BIN:
        # What is left over is no line of its own.
        groups[-2:] = [groups[-2] + groups[-1]]
    lines = []
    for edges, color, marker in zip(
        groups, colormaps["viridis"](np.linspace(0, 0.9, len(groups))), cycle("osD^vP*X")
    ):
        high = 100 if edges[0] == _TOP_BIN else edges[0] + _BIN_WIDTH
        label = f"{edges[-1]}-{high} % (n = {counts[edges].sum()})"
        style = {"label": label, "color": color, "marker": marker}
        lines.append((table[bins.isin(edges)], style))
    return lines


def _draw(axes: list[Axes], lines: list[_Line], selection: Selection) -> None:
    for panel, (name, label) in zip(axes, _MEASURES.items(), strict=True):
        for table, style in lines:
            table = table.dropna(subset=name)
            if table.empty:
                continue
            sizes = [size for size, _ in table.groupby("size")]
            groups = [_with_interval(group, name) for _, group in table.groupby("size")]
            means, low, high = np.transpose(groups)
            panel.plot(sizes, means, **style)
            panel.fill_between(sizes, low, high, color=style["color"], alpha=0.13, linewidth=0)
        rate_axis(panel, label)
    x_label(axes, selection.family.axis)


def _with_interval(table: pd.DataFrame, name: str) -> tuple[float, float, float]:
    """Returns the mean over predictions in percent and its interval over images."""
    mean = table[name].astype(float).mean()
    # What each image adds to the mean: predictions of one image are no independent ones.
    shares = (table[name].astype(float) - mean).groupby(table["image_id"]).sum()
    values = mean + shares * len(shares) / len(table)
    return 100 * mean, *mean_interval(values.to_numpy())


def _over_victims(selection: Selection, method: str) -> str:
    count = len(selection.family.black_box)
    victims = f"{count} black-box victims" if count else "the source"
    return (
        f"{selection.methods[method]}, over {victims}; {selection.family.title}"
        f"{_untold(selection.family)}"
    )


def _untold(family: Family) -> str:
    """Says which victims' answers are a program's that didn't tell all."""
    without: dict[str, list[str]] = {}
    for what, column in (("top-5", "clean_top5"), ("confidence", "clean_confidence")):
        table = family.per_image
        untold = set(table.loc[table[column].isna(), "victim"])
        if names := [name for name in family.black_box or family.victims if name in untold]:
            without.setdefault(", ".join(names), []).append(what)
    return "".join(
        f"; {' and '.join(what)} without {names} (not told)" for names, what in without.items()
    )
