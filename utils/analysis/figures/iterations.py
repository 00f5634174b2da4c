"""Success, gain and length over iterations: whether a lead is one of a few steps alone."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, NotDrawn, Selection
from utils.analysis.figures.style import (
    begins_a_line,
    caption,
    grid_of_methods,
    name_panel,
    rate_axis,
)
from utils.analysis.figures.success import draw_success
from utils.analysis.iterations import MISSING, courses, goes_on, largest_lead
from utils.bound import plain_number
from utils.success import CONTROL, REFERENCE


def success_over_iterations(selection: Selection) -> Drawn:
    """Draws, a column a method, the mean over the black-box victims at one bound and step size.

    From above: success and the gain over sign, with 95 % bands, and the mean L2 spent.
    """
    family, methods = selection.family, selection.methods
    found = [c for c in courses(family) if c.size == selection.size and c.method in methods]
    if not found:
        elsewhere = "the family of the most iterations has it"
        yield "", NotDrawn(elsewhere if goes_on(family) else MISSING)
        return
    figure, columns = grid_of_methods(len(found), rows=3, sharex=True)
    for course, (success, gain, length) in zip(found, columns, strict=True):
        rows, first = course.rows(), begins_a_line(success)
        draw_success(success, rows, "iterations")
        name_panel(success, selection.methods[course.method])
        rate_axis(success, f"{family.goal}, %" if first else "")
        _gains(gain, rows)
        _lengths(length, rows)
        if first:
            gain.set_ylabel("gain over sign, points")
            length.set_ylabel("mean L2")
        length.set_xlabel("iterations")
    for _, _, length in columns:
        # Once all are drawn: they share an axis, and a limit on one ends its growing for all.
        length.set_ylim(bottom=0)
    length.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    steps = list(dict.fromkeys(plain_number(course.step) for course in found))
    victims = sorted({len(course.victims) for course in found})
    caption(
        figure,
        f"Mean over {' or '.join(map(str, victims))} black-box victims; "
        f"{family.bound(found[0].size)}, step size {' or '.join(steps)}. {family.title}",
    )
    yield "", figure


def _gains(axes: Axes, rows: pd.DataFrame) -> None:
    """Draws the gain of each mode with its band, and a ring where it is largest."""
    axes.axhline(0, color="black", linewidth=0.8)
    for mode, group in rows.groupby("mode", sort=False):
        group = group[group["gain_over_sign"].notna()]
        if mode == REFERENCE or group.empty:
            continue
        look, x = face(str(mode)), group["iterations"]
        axes.plot(x, group["gain_over_sign"], label=look.title, **look.style)
        low, high = group["gain_low"], group["gain_high"]
        axes.fill_between(x, low, high, color=look.color, alpha=0.13, linewidth=0)
        best = largest_lead(rows, str(mode))
        if best is not None and mode != CONTROL:
            style = look.style | {"marker": "o", "linestyle": "none", "fillstyle": "none"}
            axes.plot(best["iterations"], best["gain_over_sign"], markersize=9, **style)


def _lengths(axes: Axes, rows: pd.DataFrame) -> None:
    for mode, group in rows.groupby("mode", sort=False):
        look = face(str(mode))
        x, y = [0, *group["iterations"]], [0, *group["mean_l2"]]
        axes.plot(x, y, label=look.title, **look.style)
