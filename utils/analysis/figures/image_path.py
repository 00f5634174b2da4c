"""One image's way over epsilon: each victim's confidence, and where its class flips."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.families import Family
from utils.analysis.figures.choices import Choices
from utils.analysis.figures.style import legend_above, mode_style, name_panel, panels, rate_axis
from utils.analysis.titles import method_title, mode_title

# Height, in percent of confidence, of a mode's line of class names below the curves.
_WORDS = 28


def image_over_epsilon(
    family: Family, rows: pd.DataFrame, choices: Choices
) -> list[tuple[str, Figure]]:
    """Draws one figure an image and method: a panel a victim; hollow where the class is another."""
    drawn = []
    table = family.per_image[family.per_image["seed"] == family.runs[0].seed]
    for image_id in choices.images_of(family):
        of_image = table[table["image_id"] == image_id]
        for method in choices.methods_of(family):
            here = of_image[of_image["method"] == method]
            if here["max_epsilon"].nunique() < 2:
                continue
            figure, axes = panels(len(family.victims), columns=3, height=3.2, sharey=True)
            for number, (panel, victim) in enumerate(zip(axes, family.victims, strict=True)):
                _panel(panel, here[here["victim"] == victim], choices)
                name_panel(panel, victim, family.victims[victim])
                panel.set_xlabel("epsilon")
                rate_axis(panel, "confidence, %" if number % 3 == 0 else "")
                panel.set_ylim(-34 - _WORDS * (len(family.modes) - 1), 104)
                panel.margins(x=0.12)
            legend_above(figure, axes[0])
            label = choices.class_names(int(here["true_label"].iloc[0]))
            about = f"Image {image_id} ({label}), {method_title(method)}. Filled: true label; "
            figure.supxlabel(about + "hollow: another, named below at each flip.")
            drawn.append((f"{image_id}_{method}", figure))
    return drawn


def _panel(panel: Axes, table: pd.DataFrame, choices: Choices) -> None:
    for place, (mode, group) in enumerate(table.groupby("mode", sort=False)):
        group = group.sort_values("max_epsilon")
        style = mode_style(mode)
        epsilons = [0.0, *group["max_epsilon"]]
        shown = [group["clean_label"].iloc[0], *group["adversarial_label"]]
        heights = [group["clean_confidence"].iloc[0], *group["adversarial_confidence"]]
        heights = [100 * height for height in heights]
        right = int(group["true_label"].iloc[0])
        panel.plot(epsilons, heights, label=mode_title(mode), **style)
        wrong = [i for i, label in enumerate(shown) if label != right]
        panel.plot(
            [epsilons[i] for i in wrong],
            [heights[i] for i in wrong],
            **style | {"linestyle": "none", "markerfacecolor": "white"},
        )
        for i in range(1, len(shown)):
            if shown[i] != shown[i - 1]:
                # Neighbouring flips stand on two lines in turn, so that they don't overlap.
                panel.text(
                    epsilons[i],
                    -6 - _WORDS * place - _WORDS / 2 * (i % 2),
                    choices.class_names(int(shown[i]))[:18],
                    color=style["color"],
                    fontsize=5,
                    ha="center",
                    va="top",
                )
