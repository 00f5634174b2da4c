"""How well the steps follow the gradient, per iteration."""

from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, NotDrawn, Selection
from utils.analysis.figures.style import caption, name_panel, panels, x_label


def cosine_per_step(selection: Selection) -> Drawn:
    """Draws a panel a method: mean cosine between the step taken and the raw gradient."""
    runs = selection.runs
    if not runs:
        yield "", NotDrawn("none of the chosen methods was run at that bound")
        return
    figure, axes = panels(len(runs), columns=3, sharey=True)
    for number, (panel, run) in enumerate(zip(axes, runs, strict=True)):
        for mode, steps in run.steps.groupby("mode", sort=False):
            look = face(mode)
            panel.plot(steps["iteration"], steps["mean_cosine"], label=look.title, **look.style)
        name_panel(panel, selection.methods[run.method])
        panel.set_ylim(-0.05, 1.05)
        last = int(run.steps["iteration"].max())
        panel.set_xticks(range(1, last + 1, max(1, last // 5)))
        if number % 3 == 0:
            panel.set_ylabel("cosine(step, gradient)")
    x_label(axes, "iteration")
    bound = str(runs[0].bound)
    caption(figure, f"{bound[0].upper()}{bound[1:]}; {selection.family.title}")
    yield "", figure
