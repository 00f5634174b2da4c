"""Success against epsilon, and against the L2 that was actually spent."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.families import Family
from utils.analysis.figures.choices import Choices
from utils.analysis.figures.style import legend_above, mode_style, name_panel, panels, rate_axis
from utils.analysis.summary_rows import MEAN
from utils.analysis.titles import method_title, mode_title

Drawn = list[tuple[str, Figure]]


def success_over_epsilon(family: Family, rows: pd.DataFrame, choices: Choices) -> Drawn:
    """Draws one figure a method: a panel for the black-box mean and one for every victim."""
    return _over(family, rows, choices, "max_epsilon", "epsilon")


def success_over_l2(family: Family, rows: pd.DataFrame, choices: Choices) -> Drawn:
    """Draws the same against the mean L2 of the perturbations, in [0, 255] units."""
    return _over(family, rows, choices, "mean_l2", "mean L2 spent")


def draw_success(axes: Axes, rows: pd.DataFrame, x: str) -> None:
    """Draws one line a mode with its 95 % band.

    Args:
      axes: where.
      rows: summary rows of one method and victim.
      x: the column to draw against.
    """
    for mode, group in rows.groupby("mode", sort=False):
        group = group.sort_values(x)
        style = mode_style(mode)
        axes.plot(group[x], group["success_rate"], label=mode_title(mode), **style)
        axes.fill_between(
            group[x],
            group["success_low"],
            group["success_high"],
            color=style["color"],
            alpha=0.13,
            linewidth=0,
        )


def _over(family: Family, rows: pd.DataFrame, choices: Choices, x: str, x_label: str) -> Drawn:
    drawn = []
    victims = [*([MEAN] if family.black_box else []), *family.victims]
    for method in choices.methods_of(family):
        of_method = rows[rows["method"] == method]
        if of_method["max_epsilon"].nunique() < 2:
            continue
        figure, axes = panels(len(victims), sharey=True, sharex=True)
        for number, (panel, victim) in enumerate(zip(axes, victims, strict=True)):
            draw_success(panel, of_method[of_method["victim"] == victim], x)
            name_panel(panel, victim, family.victims.get(victim))
            panel.set_xlabel(x_label)
            rate_axis(panel, f"{family.goal}, %" if number % 4 == 0 else "")
        legend_above(figure, axes[0])
        figure.supxlabel(f"{method_title(method)}; {family.title}")
        drawn.append((method, figure))
    return drawn
