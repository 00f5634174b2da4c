"""Strips of images: clean, perturbation amplified, adversarial, and what the victims say."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.class_names import ClassNames
from utils.analysis.faces import face
from utils.analysis.figures.selection import NO_IMAGE, Drawn, Selection
from utils.analysis.figures.style import WIDTH, caption, wrapped
from utils.analysis.runs import FinishedRun
from utils.text import one_line

_GREY = 128
_SIDE = 1.15  # inches, of an image
_WORDS = 5.5  # points


def image_strips(selection: Selection) -> Drawn:
    """Draws one figure an image and method: a row a mode."""
    if not selection.images:
        yield "", NO_IMAGE
    for image_id in selection.images:
        for run in selection.runs:
            yield f"{image_id}_{run.method}", _strip(run, image_id, selection)


def gain_for(differences: Sequence[np.ndarray]) -> float:
    """Returns the largest gain at which 99 % of the perturbations' values don't saturate.

    Args:
      differences: perturbations in [0, 255] units, of any shape.
    """
    largest = float(np.percentile(np.concatenate([np.abs(d).ravel() for d in differences]), 99))
    gain = (255 - _GREY) / max(largest, 1.0)
    return float(np.floor(gain) if gain >= 2 else max(np.floor(10 * gain) / 10, 1.0))


def amplified(clean: np.ndarray, adversarial: np.ndarray, factor: float) -> np.ndarray:
    """Returns the perturbation times `factor` around grey: uint8 [S, S, 3]."""
    difference = adversarial.astype(np.float32) - clean.astype(np.float32)
    return np.clip(_GREY + factor * difference, 0, 255).astype(np.uint8)


def sign_like(clean: np.ndarray, adversarial: np.ndarray) -> np.ndarray:
    """Returns the perturbation's signs: black, grey and white per channel, uint8 [S, S, 3]."""
    difference = adversarial.astype(np.int16) - clean.astype(np.int16)
    return np.clip(_GREY + 128 * np.sign(difference), 0, 255).astype(np.uint8)


def _strip(run: FinishedRun, image_id: str, selection: Selection) -> Figure:
    names = selection.class_names
    table = run.per_image[run.per_image["image_id"] == image_id]
    victims = list(dict.fromkeys(table["victim"]))
    modes = run.record.modes
    pairs = {mode: run.images(mode, image_id) for mode in modes}
    gain = gain_for([adversarial.astype(int) - clean for clean, adversarial in pairs.values()])
    said = {mode: _lines(table[table["mode"] == mode], names) for mode in modes}
    lines = max(len(part) for part in said.values())
    height = max(_SIDE + 0.15, 1.3 * _WORDS * lines / 72 + 0.1)
    columns = 5
    figure = Figure(figsize=(WIDTH, height * len(modes) + 0.6), layout="constrained")
    widths = [1, 1, 1, 1, (WIDTH - 4 * _SIDE - 0.3) / _SIDE]
    axes = figure.subplots(len(modes), columns, squeeze=False, width_ratios=widths)
    for row, (mode, (clean, adversarial)) in enumerate(pairs.items()):
        shown = (
            ("clean", clean),
            (f"perturbation \u00d7{gain:g}", amplified(clean, adversarial, gain)),
            ("its signs", sign_like(clean, adversarial)),
            ("adversarial", adversarial),
        )
        for panel, (title, pixels) in zip(axes[row], shown, strict=False):
            show_pixels(panel, pixels)
            panel.set_title(title if row == 0 else "")
        axes[row][0].set_ylabel(wrapped(face(mode).title, _SIDE, 8))
        _say(axes[row][-1], said[mode])
    right = names(int(table["true_label"].iloc[0]))
    caption(
        figure,
        f"Image {image_id} ({selection.how_chosen}{right}), {run.record.method_title}, "
        f"{run.bound}, source {run.record.source}. Perturbations are shown times {gain:g} around "
        "grey, which 99 % of their values fit in. Right: label and confidence of the "
        f"{len(victims)} victims, clean \u2192 adversarial; a dot and bold letters where the label "
        "flips.",
    )
    return figure


def show_pixels(panel: Axes, pixels: np.ndarray) -> None:
    """Shows an image, uint8 [S, S, 3], as it is."""
    panel.imshow(pixels, interpolation="nearest")
    panel.grid(False)
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_visible(False)


def _lines(rows: pd.DataFrame, names: ClassNames) -> list[tuple[str, bool]]:
    """Returns lines of text, and whether each is of a flip."""
    lines = []
    for row in rows.to_dict("records"):
        flip = row["clean_label"] != row["adversarial_label"]
        said = " \u2192 ".join(
            names.answer(row, kind, 0, " %") for kind in ("clean", "adversarial")
        )
        width = WIDTH - 4 * _SIDE - 0.6
        name = wrapped(one_line(row["victim"]), width, _WORDS)
        text = f"{name}\n" + wrapped(said, width - 0.1, _WORDS)
        mark = "\u25cf " if flip else "\u2003"
        lines += [(part if i else mark + part, flip) for i, part in enumerate(text.split("\n"))]
    return lines


def _say(panel: Axes, lines: list[tuple[str, bool]]) -> None:
    panel.set_axis_off()
    for number, (text, flip) in enumerate(lines):
        indent = "" if text[0] in "\u25cf\u2003" else "\u2003\u2002"
        panel.annotate(
            indent + text,
            (0, 1),
            (0, -1.3 * _WORDS * number),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=_WORDS,
            fontweight="bold" if flip else "normal",
            va="top",
        )
