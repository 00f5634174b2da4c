"""One image's way over the bound: each victim's confidence, and where its class flips."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes

from utils.analysis.class_names import ClassNames
from utils.analysis.faces import face
from utils.analysis.figures.selection import NO_IMAGE, ONE_SIZE, Drawn, Selection
from utils.analysis.figures.style import WIDTH, caption, name_panel, panels, rate_axis, wrapped
from utils.text import one_line

_COLUMNS = 3
_WORDS = 5.0  # points
# Below the numbers and the name of the x axis.
_BELOW = 30  # points


def image_over_bound(selection: Selection) -> Drawn:
    """Draws one figure an image and method: a panel a victim; hollow where the class is another."""
    family, names = selection.family, selection.class_names
    table = family.per_image[family.per_image["seed"] == family.runs[0].seed]
    if not selection.images:
        yield "", NO_IMAGE
    for image_id in selection.images:
        of_image = table[table["image_id"] == image_id]
        for method, title in selection.methods.items():
            of_method = of_image[of_image["method"] == method]
            if of_method["size"].nunique() < 2:
                yield f"{image_id}_{method}", ONE_SIZE
                continue
            tables = {v: of_method[of_method["victim"] == v] for v in family.victims}
            width = WIDTH / (_COLUMNS if len(tables) >= _COLUMNS else len(tables)) - 0.5
            width = min(width, WIDTH / 2 - 0.7)
            flips = {v: wrapped(_flips(found, names), width, _WORDS) for v, found in tables.items()}
            most = max(text.count("\n") + 1 for text in flips.values())
            height = 2.0 + 1.25 * _WORDS * most / 72
            figure, axes = panels(len(tables), columns=_COLUMNS, height=height, sharey=True)
            for number, (panel, victim) in enumerate(zip(axes, tables, strict=True)):
                _panel(panel, tables[victim])
                name_panel(panel, victim, family.victims[victim])
                panel.set_xlabel(family.axis)
                rate_axis(panel, "confidence, %" if number % _COLUMNS == 0 else "")
                panel.annotate(
                    flips[victim],
                    (0, 0),
                    (0, -_BELOW),
                    xycoords="axes fraction",
                    textcoords="offset points",
                    fontsize=_WORDS,
                    va="top",
                )
            label = names(int(of_method["true_label"].iloc[0]))
            caption(
                figure,
                f"Image {image_id} ({selection.how_chosen}{label}), {title}. Filled: the true "
                "label; hollow: another. Beneath: from where on the class is which.",
            )
            yield f"{image_id}_{method}", figure


def _panel(panel: Axes, table: pd.DataFrame) -> None:
    for mode, sizes, labels, heights in _ways(table):
        look = face(mode)
        panel.plot(sizes, heights, label=look.title, **look.style)
        right = table["true_label"].iloc[0]
        wrong = [i for i, label in enumerate(labels) if label != right]
        panel.plot(
            [sizes[i] for i in wrong],
            [heights[i] for i in wrong],
            **look.style | {"linestyle": "none", "markerfacecolor": "white"},
        )
    if table["clean_confidence"].isna().all():
        panel.text(0.5, 0.5, "not told", transform=panel.transAxes, ha="center", fontsize=7)
        # What isn't drawn makes no room.
        panel.update_datalim([(size, 0) for size in (0, table["size"].max())])
        panel.autoscale_view()


def _flips(table: pd.DataFrame, names: ClassNames) -> str:
    """Returns a line a mode: at which size the class becomes which."""
    lines = []
    for mode, sizes, labels, _ in _ways(table):
        flips = [
            f"{sizes[i]:g} \u2192 {names(int(labels[i]))[:18]}"
            for i in range(1, len(labels))
            if labels[i] != labels[i - 1]
        ]
        lines.append(f"{one_line(mode)}: {', '.join(flips) or 'no flip'}; ")
    return "".join(lines).removesuffix("; ")


def _ways(table: pd.DataFrame) -> Iterator[tuple[str, list[float], list[int], list[float]]]:
    """Yields (mode, sizes from 0 on, labels, confidences in percent)."""
    for mode, group in table.groupby("mode", sort=False):
        group = group.sort_values("size")
        first = group.iloc[0]
        heights = [first["clean_confidence"], *group["adversarial_confidence"]]
        yield (
            str(mode),
            [0.0, *group["size"]],
            [first["clean_label"], *group["adversarial_label"]],
            [100 * height for height in heights],
        )
