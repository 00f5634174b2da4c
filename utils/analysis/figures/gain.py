"""The gain at equal L2 beside the gain at an equal bound: where a corrected direction pays."""

import pandas as pd
from matplotlib.axes import Axes

from utils.analysis.equal_amounts import equal_rows
from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, NotDrawn, Selection
from utils.analysis.figures.style import (
    begins_a_line,
    caption,
    grid_of_methods,
    name_panel,
    rate_axis,
)
from utils.analysis.figures.success import L2_AXIS, draw_success
from utils.analysis.summary_rows import MEAN
from utils.errors import ResultsError


def gain_at_equal_l2(selection: Selection) -> Drawn:
    """Draws, a column a method, the mean over the black-box victims.

    Above, success against mean L2; below, the gain of every mode over sign at the same bound and
    at the same L2, with 95 % intervals.
    """
    family, size = selection.family, selection.size
    if size is None or not family.black_box or len(family.modes) < 2:
        yield "", NotDrawn("it needs a black-box victim, and sign and another mode at one bound")
        return
    try:
        equal = equal_rows(family, sizes=[size])
    except ResultsError:
        # No sweep, no comparison at equal length.
        yield "", NotDrawn("it needs sign at several bounds (sign_epsilons in a grid of sweep.py)")
        return
    equal = equal[equal["victim"] == MEAN]
    methods = [method for method in selection.methods if method in set(equal["method"])]
    if not methods:
        yield "", NotDrawn("it needs another mode than sign of the chosen methods at that bound")
        return
    mean = selection.rows[selection.rows["victim"] == MEAN]
    figure, columns = grid_of_methods(len(methods), rows=2)
    for method, (above, below) in zip(methods, columns, strict=True):
        first = begins_a_line(above)
        of_method = mean[mean["method"] == method]
        draw_success(above, of_method, "mean_l2")
        name_panel(above, selection.methods[method])
        above.set_xlabel(L2_AXIS)
        rate_axis(above, f"{family.goal}, %" if first else "")
        _gains(below, of_method[of_method["size"] == size], equal[equal["method"] == method])
        below.set_xticks(range(2), (f"same\n{family.quantity}", "same\nL2"))
        if first:
            below.set_ylabel("gain over sign, points")
    caption(
        figure,
        f"Mean over {len(family.black_box)} black-box victims; below: {family.bound(size)}. "
        f"{family.title}",
    )
    yield "", figure


def _gains(axes: Axes, at_bound: pd.DataFrame, at_l2: pd.DataFrame) -> None:
    axes.axhline(0, color="black", linewidth=0.8)
    modes = list(at_l2["mode"])
    for place, mode in enumerate(modes):
        shift = 0.16 * (place - (len(modes) - 1) / 2)
        first = at_bound[at_bound["mode"] == mode].iloc[0]
        second = at_l2[at_l2["mode"] == mode].iloc[0]
        points = (
            (0, first["gain_over_sign"], first["gain_low"], first["gain_high"], "sign not run"),
            (1, second["difference"], second["low"], second["high"], second["note"]),
        )
        for x, gain, low, high, note in points:
            if pd.isna(gain):
                text = str(note).replace(" ", "\n", 1)
                axes.text(x, 0, text, ha="center", va="bottom", fontsize=6)
                continue
            style = face(mode).style | {"linestyle": "none"}
            errors = None if pd.isna(low) else [[max(gain - low, 0)], [max(high - gain, 0)]]
            axes.errorbar([x + shift], [gain], yerr=errors, capsize=2.5, **style)
    axes.set_xlim(-0.5, 1.5)
