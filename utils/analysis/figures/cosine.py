"""How well the steps follow the gradient, per iteration."""

import pandas as pd
from matplotlib.figure import Figure

from utils.analysis.families import Family
from utils.analysis.figures.choices import Choices
from utils.analysis.figures.style import legend_above, mode_style, panels
from utils.analysis.titles import method_title, mode_title


def cosine_per_step(
    family: Family, rows: pd.DataFrame, choices: Choices
) -> list[tuple[str, Figure]]:
    """Draws a panel a method: mean cosine between the step taken and the raw gradient."""
    epsilon = choices.epsilon_of(family)
    runs = [
        run
        for method in choices.methods_of(family)
        for run in family.runs
        if run.method == method and run.epsilon == epsilon and run.seed == family.runs[0].seed
    ]
    if not runs:
        return []
    figure, axes = panels(len(runs), columns=3, sharey=True)
    for number, (panel, run) in enumerate(zip(axes, runs, strict=True)):
        for mode, group in run.steps.groupby("mode", sort=False):
            style = mode_style(mode)
            panel.plot(group["iteration"], group["mean_cosine"], label=mode_title(mode), **style)
        panel.set_title(method_title(run.method))
        panel.set_xlabel("iteration")
        panel.set_ylim(-0.05, 1.05)
        last = int(run.steps["iteration"].max())
        panel.set_xticks(range(1, last + 1, max(1, last // 5)))
        if number % 3 == 0:
            panel.set_ylabel("cosine(step, gradient)")
    legend_above(figure, axes[0])
    figure.supxlabel(f"Epsilon {epsilon:g}; {family.title}")
    return [("", figure)]
