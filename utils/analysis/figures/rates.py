"""Success at one bound, for runs without a sweep: a panel a method, a row a victim."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, NotDrawn, Selection
from utils.analysis.figures.style import WIDTH, caption, panels, wrapped, x_label
from utils.analysis.summary_rows import MEAN

_COLUMNS = 2
_NAMES = 1.4  # inches


def rates_at_one_bound(selection: Selection) -> Drawn:
    """Draws each mode's rate with its interval, and what needs no attack as a bar."""
    family, size = selection.family, selection.size
    rows = selection.rows[selection.rows["size"] == size]
    methods = [method for method in selection.methods if method in set(rows["method"])]
    if size is None or not methods:
        yield "", NotDrawn("none of the chosen methods was run at that bound")
        return
    victims = [*([MEAN] if family.black_box else []), *family.victims]
    modes = [mode for mode in family.modes if mode in set(rows["mode"])]
    row = 0.17 + 0.07 * len(modes)  # inches
    figure, axes = panels(
        len(methods), columns=_COLUMNS, height=row * len(victims) + 0.45, sharex=True, sharey=True
    )
    if len(methods) == 1:
        figure.set_size_inches(0.75 * WIDTH, figure.get_size_inches()[1])
    for panel, method in zip(axes, methods, strict=True):
        _panel(panel, rows[rows["method"] == method], victims, modes)
        panel.set_title(selection.methods[method])
    names = [
        wrapped(name, _NAMES, 7)
        + ("\n(white-box)" if family.victims.get(name) == "white-box" else "")
        for name in victims
    ]
    axes[0].set_yticks(range(len(victims)), names, fontsize=7)
    axes[0].set_ylim(len(victims) - 0.5, -0.5)
    axes[0].set_xlim(-2, 102)
    axes[0].set_xticks(range(0, 101, 25))
    x_label(axes, f"{family.goal}, %")
    clean = "" if family.rate == "flip" else " Grey bars: without any attack."
    caption(
        figure, f"{str(family.bound(size)).capitalize()}, 95 % intervals.{clean} {family.title}"
    )
    yield "", figure


def _panel(panel: Axes, rows: pd.DataFrame, victims: Sequence[str], modes: Sequence[str]) -> None:
    for place, victim in enumerate(victims):
        of_victim = rows[rows["victim"] == victim].set_index("mode")
        if of_victim.empty:
            continue
        clean = of_victim["clean_success"].iloc[0]
        panel.barh(place, clean, height=0.8, color="#CCCCCC", zorder=0)
        for number, mode in enumerate(modes):
            if mode not in of_victim.index:
                continue
            row, look = of_victim.loc[mode], face(mode)
            y = place + 0.7 * ((number + 0.5) / len(modes) - 0.5)
            low, rate, high = row[["success_low", "success_rate", "success_high"]]
            panel.errorbar(
                [rate],
                [y],
                xerr=[[max(rate - low, 0)], [max(high - rate, 0)]],
                capsize=1.5,
                **look.style | {"linestyle": "none"},
                # Once in the legend.
                label=look.title if place == 0 else None,
            )
