"""One image's way over the bound: each victim's confidence, and where its class flips."""

import pandas as pd
from matplotlib.axes import Axes

from utils.analysis.class_names import ClassNames
from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, Selection
from utils.analysis.figures.style import caption, name_panel, panels, rate_axis

# Height, in percent of confidence, of a mode's line of class names below the curves.
_WORDS = 28


def image_over_bound(selection: Selection) -> Drawn:
    """Draws one figure an image and method: a panel a victim; hollow where the class is another."""
    family, names = selection.family, selection.class_names
    table = family.per_image[family.per_image["seed"] == family.runs[0].seed]
    for image_id in selection.images:
        of_image = table[table["image_id"] == image_id]
        for method, title in selection.methods.items():
            of_method = of_image[of_image["method"] == method]
            if of_method["size"].nunique() < 2:
                continue
            figure, axes = panels(len(family.victims), columns=3, height=3.2, sharey=True)
            for number, (panel, victim) in enumerate(zip(axes, family.victims, strict=True)):
                _panel(panel, of_method[of_method["victim"] == victim], names)
                name_panel(panel, victim, family.victims[victim])
                panel.set_xlabel(family.quantity)
                rate_axis(panel, "confidence, %" if number % 3 == 0 else "")
                panel.set_ylim(-34 - _WORDS * (len(family.modes) - 1), 104)
                panel.margins(x=0.12)
            label = names(int(of_method["true_label"].iloc[0]))
            caption(
                figure,
                f"Image {image_id} ({label}), {title}. Filled: true label; hollow: another, named "
                "below at each flip.",
            )
            yield f"{image_id}_{method}", figure


def _panel(panel: Axes, table: pd.DataFrame, names: ClassNames) -> None:
    for place, (mode, group) in enumerate(table.groupby("mode", sort=False)):
        group = group.sort_values("size")
        first, look = group.iloc[0], face(mode)
        sizes = [0.0, *group["size"]]
        labels = [first["clean_label"], *group["adversarial_label"]]
        heights = [first["clean_confidence"], *group["adversarial_confidence"]]
        heights = [100 * height for height in heights]
        panel.plot(sizes, heights, label=look.title, **look.style)
        wrong = [i for i, label in enumerate(labels) if label != first["true_label"]]
        panel.plot(
            [sizes[i] for i in wrong],
            [heights[i] for i in wrong],
            **look.style | {"linestyle": "none", "markerfacecolor": "white"},
        )
        for i in range(1, len(labels)):
            if labels[i] != labels[i - 1]:
                # Neighbouring flips stand on two lines in turn, so that they don't overlap.
                panel.text(
                    sizes[i],
                    -6 - _WORDS * place - _WORDS / 2 * (i % 2),
                    names(int(labels[i]))[:18],
                    color=look.color,
                    fontsize=5,
                    ha="center",
                    va="top",
                )
