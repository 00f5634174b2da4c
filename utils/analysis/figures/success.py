"""Success against the bound, and against the L2 that was actually spent."""

import pandas as pd
from matplotlib.axes import Axes

from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, Selection
from utils.analysis.figures.style import caption, name_panel, panels, rate_axis
from utils.analysis.summary_rows import MEAN


def success_over_bound(selection: Selection) -> Drawn:
    """Draws one figure a method: a panel for the black-box mean and one for every victim."""
    return _over(selection, "size", selection.family.quantity)


def success_over_l2(selection: Selection) -> Drawn:
    """Draws the same against the mean L2 of the perturbations, in [0, 255] units."""
    return _over(selection, "mean_l2", "mean L2 spent")


def draw_success(axes: Axes, rows: pd.DataFrame, x: str) -> None:
    """Draws one line a mode with its 95 % band: summary rows of one victim against a column."""
    for mode, group in rows.groupby("mode", sort=False):
        group = group.sort_values(x)
        look = face(mode)
        axes.plot(group[x], group["success_rate"], label=look.title, **look.style)
        low, high = group["success_low"], group["success_high"]
        axes.fill_between(group[x], low, high, color=look.color, alpha=0.13, linewidth=0)


def _over(selection: Selection, x: str, x_label: str) -> Drawn:
    family, rows = selection.family, selection.rows
    victims = [*([MEAN] if family.black_box else []), *family.victims]
    for method, title in selection.methods.items():
        of_method = rows[rows["method"] == method]
        if of_method["size"].nunique() < 2:
            continue
        figure, axes = panels(len(victims), sharey=True, sharex=True)
        for number, (panel, victim) in enumerate(zip(axes, victims, strict=True)):
            draw_success(panel, of_method[of_method["victim"] == victim], x)
            name_panel(panel, victim, family.victims.get(victim))
            panel.set_xlabel(x_label)
            rate_axis(panel, f"{family.goal}, %" if number % 4 == 0 else "")
        caption(figure, f"{title}; {family.title}")
        yield method, figure
