"""Success against the bound, and against the L2 and the SSIM that were actually spent."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from utils.analysis.amounts import SSIM
from utils.analysis.faces import face
from utils.analysis.figures.selection import ONE_SIZE, Drawn, NotDrawn, Selection
from utils.analysis.figures.style import caption, name_panel, panels, rate_axis, x_label
from utils.analysis.summary_rows import MEAN

L2_AXIS = "mean L2, in [0, 255] units"
_SSIM_AXIS = "1 - mean SSIM"


def success_over_bound(selection: Selection) -> Drawn:
    """Draws one figure a method: a panel for the black-box mean and one for every victim."""
    return _over(selection, selection.rows, "size", selection.family.axis)


def success_over_l2(selection: Selection) -> Drawn:
    """Draws the same against the mean L2 of the perturbations, in [0, 255] units."""
    return _over(selection, selection.rows, "mean_l2", L2_AXIS)


def success_over_ssim(selection: Selection) -> Drawn:
    """Draws the same against what is missing to a mean SSIM of 1, which only the original has."""
    visible = SSIM.rising(selection.rows[SSIM.mean])
    if visible.isna().any():
        yield "", NotDrawn("it needs SSIM, which folders from before it was measured lack")
        return
    yield from _over(selection, selection.rows.assign(visible=visible), "visible", _SSIM_AXIS)


def draw_success(axes: Axes, rows: pd.DataFrame, x: str) -> None:
    """Draws one line a mode with its 95 % band: summary rows of one victim against a column.

    All begin at 0 with what needs no attack, but for a mode at one size alone, which is a point: a
    line to it would claim what nobody measured.
    """
    for mode, group in rows.groupby("mode", sort=False):
        group = group.sort_values(x)
        look = face(mode)
        shown = group[[x, "success_rate"]].to_numpy(float)
        if len(shown) > 1:
            shown = np.vstack([(0, group["clean_success"].iloc[0]), shown])
        axes.plot(*shown.T, label=look.title, **look.style)
        low, high = group["success_low"], group["success_high"]
        axes.fill_between(group[x], low, high, color=look.color, alpha=0.13, linewidth=0)


def _over(selection: Selection, rows: pd.DataFrame, x: str, label: str) -> Drawn:
    family = selection.family
    victims = [*([MEAN] if family.black_box else []), *family.victims]
    for method, title in selection.methods.items():
        of_method = rows[rows["method"] == method]
        if of_method["size"].nunique() < 2:
            yield method, ONE_SIZE
            continue
        figure, axes = panels(len(victims), sharey=True, sharex=True)
        for number, (panel, victim) in enumerate(zip(axes, victims, strict=True)):
            draw_success(panel, of_method[of_method["victim"] == victim], x)
            name_panel(panel, victim, family.victims.get(victim))
            rate_axis(panel, f"{family.goal}, %" if number % 4 == 0 else "")
        x_label(axes, label)
        caption(figure, f"{title}; {family.title}")
        yield method, figure
