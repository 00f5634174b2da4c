"""A contact sheet: examples chosen by a rule, from what always misleads to what never does."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.class_names import ClassNames
from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, NotDrawn, Selection
from utils.analysis.figures.strip import show_pixels
from utils.analysis.figures.style import WIDTH, caption, wrapped
from utils.analysis.runs import FinishedRun
from utils.text import one_line

_EXAMPLES = 6
_WORDS = 5.0  # points
_FLIP = "#D55E00"


def contact_sheet(selection: Selection) -> Drawn:
    """Draws one figure a method: a row an example, the clean image and a column a mode."""
    if not selection.runs:
        yield "", NotDrawn("none of the chosen methods was run at that bound")
    for run in selection.runs:
        yield run.method, _sheet(selection, run)


def spread_examples(misled: dict[str, float], count: int) -> list[str]:
    """Chooses images evenly from the most to the least often misled; ties go by the CSV's order.

    Args:
      misled: image -> share of its victims and modes that were reached, in the CSV's order.
      count: how many; all where there are fewer.
    """
    ordered = sorted(misled, key=lambda name: -misled[name])
    count = min(count, len(ordered))
    places = np.rint(np.linspace(0, len(ordered) - 1, count)).astype(int)
    return [ordered[place] for place in places]


def _sheet(selection: Selection, run: FinishedRun) -> Figure:
    family, names = selection.family, selection.class_names
    judges = family.black_box or list(run.record.victims)
    table = run.per_image[run.per_image["victim"].isin(judges)]
    shares = table.groupby("image_id", sort=False)["success"].mean()
    examples = list(selection.choices.images) or spread_examples(shares.to_dict(), _EXAMPLES)
    modes = run.record.modes
    side = min(1.15, (WIDTH - 0.3) / (len(modes) + 1))
    size = (side * (len(modes) + 1) + 0.3, (side + 0.42) * len(examples) + 0.7)
    figure = Figure(figsize=(max(size[0], WIDTH / 2), size[1]), layout="constrained")
    axes = figure.subplots(len(examples), len(modes) + 1, squeeze=False)
    for line, image_id in zip(axes, examples, strict=True):
        of_image = table[table["image_id"] == image_id]
        label = names(int(of_image["true_label"].iloc[0]))
        for number, (panel, mode) in enumerate(zip(line[1:], modes, strict=True)):
            clean, adversarial = run.images(mode, image_id)
            if number == 0:
                show_pixels(line[0], clean)
                line[0].set_xlabel(wrapped(one_line(label), side, _WORDS), fontsize=_WORDS)
            show_pixels(panel, adversarial)
            _mark(panel, of_image[of_image["mode"] == mode].to_dict("records"), names, side)
    for panel, title in zip(axes[0], ["clean", *(face(mode).title for mode in modes)], strict=True):
        panel.set_title(wrapped(title, side, 7))
    how = (
        "chosen by hand"
        if selection.choices.images
        else "evenly spaced from the most to the least often misled, by the share of modes and "
        "black-box victims reached"
    )
    caption(
        figure,
        f"{run.record.method_title}, {run.bound}: {len(examples)} of "
        f"{len(family.image_ids)} images, {how}. Beneath: how many of {len(judges)} victims flip "
        "to another label than for the clean image, and the label most of these give; framed where "
        f"any does. {family.title}",
    )
    return figure


def _mark(panel: Axes, rows: list[dict], names: ClassNames, side: float) -> None:
    flips = [r["adversarial_label"] for r in rows if r["adversarial_label"] != r["clean_label"]]
    text = f"{len(flips)} of {len(rows)} flip"
    if flips:
        text += f": {names(int(max(flips, key=flips.count)))}"
        panel.spines[:].set(visible=True, color=_FLIP, linewidth=1.6)
    weight = "bold" if flips else "normal"
    panel.set_xlabel(wrapped(text, side, _WORDS), fontsize=_WORDS, fontweight=weight)
