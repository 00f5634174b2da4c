"""Top-1 and top-5 accuracy and mean confidence of the victims, against epsilon."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.families import Family
from utils.analysis.figures.choices import Choices
from utils.analysis.figures.style import legend_above, mode_style, panels, rate_axis
from utils.analysis.titles import method_title, mode_title

_MEASURES = {"top1": "top-1 accuracy, %", "top5": "top-5 accuracy, %", "conf": "mean confidence, %"}
_TOP_BIN = 99
_BIN_WIDTH = 5
_SMALLEST_BIN = 20  # predictions
_MARKERS = "osD^vP*X"


def accuracy_over_epsilon(
    family: Family, rows: pd.DataFrame, choices: Choices
) -> list[tuple[str, Figure]]:
    """Draws one figure a method: three panels over all black-box victims, a line a mode."""
    table = _measured(family)
    drawn = []
    for method in choices.methods_of(family):
        of_method = table[table["method"] == method]
        if of_method["max_epsilon"].nunique() < 3:
            continue
        figure, axes = panels(len(_MEASURES), columns=3, sharex=True)
        for panel, (name, label) in zip(axes, _MEASURES.items(), strict=True):
            for mode, group in of_method.groupby("mode", sort=False):
                _line(panel, group, name, label=mode_title(mode), **mode_style(mode))
            _finish(panel, label)
        legend_above(figure, axes[0])
        figure.supxlabel(_about(family, method))
        drawn.append((method, figure))
    return drawn


def accuracy_by_confidence(
    family: Family, rows: pd.DataFrame, choices: Choices
) -> list[tuple[str, Figure]]:
    """Draws one figure a method: a row a mode, a line a bin of the clean confidence.

    Bins are 5 points wide from 99 % down; those with fewer than 20 predictions are joined with
    their neighbours below.
    """
    table = _measured(family)
    table["bin"] = confidence_bins(table["clean_confidence"])
    drawn = []
    for method in choices.methods_of(family):
        of_method = table[table["method"] == method]
        if of_method["max_epsilon"].nunique() < 3:
            continue
        modes = list(dict.fromkeys(of_method["mode"]))
        figure, axes = panels(len(_MEASURES) * len(modes), columns=3, sharex=True)
        for row, mode in enumerate(modes):
            of_mode = of_method[of_method["mode"] == mode]
            for column, (name, label) in enumerate(_MEASURES.items()):
                panel = axes[row * len(_MEASURES) + column]
                _bin_lines(panel, of_mode, name)
                _finish(panel, label)
                panel.set_title(mode_title(mode))
        legend_above(figure, axes[0])
        figure.supxlabel("Lines: clean confidence. " + _about(family, method))
        drawn.append((method, figure))
    return drawn


def confidence_bins(confidence: pd.Series) -> pd.Series:
    """Returns the lower edge, in percent, of each confidence's bin.

    Args:
      confidence: in [0, 1].
    """
    percent = 100 * confidence
    steps = np.ceil((_TOP_BIN - percent) / _BIN_WIDTH).clip(lower=0)
    return (_TOP_BIN - _BIN_WIDTH * steps).clip(lower=0).astype(int)


def _measured(family: Family) -> pd.DataFrame:
    """One row a prediction, the clean ones at epsilon 0."""
    table = family.per_image
    if family.black_box:
        table = table[table["victim"].isin(family.black_box)]
    keep = ["method", "mode", "max_epsilon", "clean_confidence"]
    attacked = table[keep].assign(
        top1=table["adversarial_label"] == table["true_label"],
        top5=table["adversarial_top5"],
        conf=table["adversarial_confidence"],
    )
    first = table.drop_duplicates(["method", "mode", "victim", "image_id"])
    clean = first[keep].assign(
        max_epsilon=0.0,
        top1=first["clean_label"] == first["true_label"],
        top5=first["clean_top5"],
        conf=first["clean_confidence"],
    )
    return pd.concat([clean, attacked])


def _bin_lines(panel: Axes, table: pd.DataFrame, name: str) -> None:
    counts = table[table["max_epsilon"] == 0]["bin"].value_counts().sort_index(ascending=False)
    groups: list[list[int]] = [[]]
    for edge in counts.index:
        groups[-1].append(edge)
        if counts[groups[-1]].sum() >= _SMALLEST_BIN:
            groups.append([])
    if not groups[-1]:
        groups.pop()
    colors = colormaps["viridis"](np.linspace(0, 0.9, len(groups)))
    for number, edges in enumerate(groups):
        high = 100 if edges[0] == _TOP_BIN else edges[0] + _BIN_WIDTH
        label = f"{edges[-1]}-{high} % (n = {counts[edges].sum()})"
        _line(
            panel,
            table[table["bin"].isin(edges)],
            name,
            label=label,
            color=colors[number],
            marker=_MARKERS[number % len(_MARKERS)],
        )


def _line(panel: Axes, table: pd.DataFrame, name: str, **style: object) -> None:
    means = 100 * table.groupby("max_epsilon")[name].mean()
    panel.plot(means.index, means, **style)


def _finish(panel: Axes, label: str) -> None:
    rate_axis(panel, label)
    panel.set_xlabel("epsilon")


def _about(family: Family, method: str) -> str:
    who = f"{len(family.black_box)} black-box victims" if family.black_box else "the source"
    return f"{method_title(method)}, over {who}; {family.title}"
