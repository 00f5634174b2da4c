"""The gain at equal L2 beside the gain at equal epsilon: where a corrected direction pays."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.equal_l2 import equal_l2_rows
from utils.analysis.families import Family
from utils.analysis.figures.choices import Choices
from utils.analysis.figures.style import legend_above, mode_style, panels, rate_axis
from utils.analysis.figures.success import draw_success
from utils.analysis.summary_rows import MEAN
from utils.analysis.titles import method_title
from utils.errors import ResultsError


def gain_at_equal_l2(
    family: Family, rows: pd.DataFrame, choices: Choices
) -> list[tuple[str, Figure]]:
    """Draws, a column a method, the mean over the black-box victims.

    Above, success against mean L2; below, the gain of every mode over sign at the same epsilon and
    at the same L2, with 95 % intervals.
    """
    epsilon = choices.epsilon_of(family)
    methods = choices.methods_of(family)
    if epsilon is None or not family.black_box or len(family.modes) < 2:
        return []
    try:
        equal = equal_l2_rows(family, epsilon)
    except ResultsError:
        # No sweep, no comparison at equal length.
        return []
    equal = equal[equal["victim"] == MEAN]
    methods = [method for method in methods if method in set(equal["method"])]
    if not methods:
        return []
    mean = rows[rows["victim"] == MEAN]
    figure, axes = panels(2 * len(methods), columns=len(methods), height=2.1, sharey="row")
    for number, method in enumerate(methods):
        above, below = axes[number], axes[len(methods) + number]
        draw_success(above, mean[mean["method"] == method], "mean_l2")
        above.set_title(method_title(method))
        above.set_xlabel("mean L2 spent")
        rate_axis(above, f"{family.goal}, %" if number == 0 else "")
        at_epsilon = mean[(mean["method"] == method) & (mean["max_epsilon"] == epsilon)]
        _gains(below, at_epsilon, equal[equal["method"] == method])
        if number == 0:
            below.set_ylabel("gain over sign, points")
    legend_above(figure, axes[0])
    about = f"Mean over {len(family.black_box)} black-box victims; below: epsilon {epsilon:g}. "
    figure.supxlabel(about + family.title)
    return [("", figure)]


def _gains(axes: Axes, at_epsilon: pd.DataFrame, at_l2: pd.DataFrame) -> None:
    axes.axhline(0, color="black", linewidth=0.8)
    columns = ("same epsilon", "same L2")
    modes = list(at_l2["mode"])
    for place, mode in enumerate(modes):
        shift = 0.16 * (place - (len(modes) - 1) / 2)
        first = at_epsilon[at_epsilon["mode"] == mode].iloc[0]
        second = at_l2[at_l2["mode"] == mode].iloc[0]
        points = (
            (0, first["gain_over_sign"], first["gain_low"], first["gain_high"]),
            (1, second["difference"], second["low"], second["high"]),
        )
        for x, gain, low, high in points:
            if pd.isna(gain):
                axes.text(x, 0, "outside\nthe sweep", ha="center", va="bottom", fontsize=6)
                continue
            style = mode_style(mode) | {"linestyle": "none"}
            errors = None if pd.isna(low) else [[max(gain - low, 0)], [max(high - gain, 0)]]
            axes.errorbar([x + shift], [gain], yerr=errors, capsize=2.5, **style)
    axes.set_xticks(range(2), columns)
    axes.set_xlim(-0.5, 1.5)
