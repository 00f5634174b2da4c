"""Strips of images: clean, perturbation amplified, adversarial, and what the victims say."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.class_names import ClassNames
from utils.analysis.document import one_line
from utils.analysis.faces import face
from utils.analysis.figures.selection import Drawn, Selection
from utils.analysis.figures.style import WIDTH, panels
from utils.analysis.runs import FinishedRun

_GREY = 128


def image_strips(selection: Selection) -> Drawn:
    """Draws one figure an image and method: a row a mode."""
    for image_id in selection.images:
        for run in selection.runs:
            yield f"{image_id}_{run.method}", _strip(run, image_id, selection.class_names)


def amplified(clean: np.ndarray, adversarial: np.ndarray, factor: float) -> np.ndarray:
    """Returns the perturbation times `factor` around grey: uint8 [S, S, 3]."""
    difference = adversarial.astype(np.float32) - clean.astype(np.float32)
    return np.clip(_GREY + factor * difference, 0, 255).astype(np.uint8)


def sign_like(clean: np.ndarray, adversarial: np.ndarray) -> np.ndarray:
    """Returns the perturbation's signs: black, grey and white per channel, uint8 [S, S, 3]."""
    difference = adversarial.astype(np.int16) - clean.astype(np.int16)
    return np.clip(_GREY + 128 * np.sign(difference), 0, 255).astype(np.uint8)


def _strip(run: FinishedRun, image_id: str, names: ClassNames) -> Figure:
    table = run.per_image[run.per_image["image_id"] == image_id]
    victims = list(dict.fromkeys(table["victim"]))
    columns = 6
    height = max(WIDTH / columns, 0.17 * len(victims))
    figure, axes = panels(columns * len(run.record.modes), columns=columns, height=height)
    for row, mode in enumerate(run.record.modes):
        clean, adversarial = run.images(mode, image_id)
        shown = (
            ("clean", clean),
            ("perturbation x10", amplified(clean, adversarial, 10)),
            ("x50", amplified(clean, adversarial, 50)),
            ("its signs", sign_like(clean, adversarial)),
            ("adversarial", adversarial),
        )
        line = axes[row * columns : (row + 1) * columns]
        for panel, (title, pixels) in zip(line, shown, strict=False):
            panel.imshow(pixels, interpolation="nearest")
            panel.grid(False)
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
            panel.set_title(title if row == 0 else "")
        line[0].set_ylabel(face(mode).title)
        _say(line[-1], table[table["mode"] == mode], names)
    right = names(int(table["true_label"].iloc[0]))
    method = run.record.method_title
    figure.supxlabel(
        one_line(f"Image {image_id} ({right}), {method}, {run.bound}, source {run.record.source}.")
        + "\nRight: label and confidence of each victim, clean > adversarial.",
    )
    return figure


def _say(panel: Axes, rows: pd.DataFrame, names: ClassNames) -> None:
    panel.set_axis_off()
    lines = []
    for row in rows.to_dict("records"):
        clean = f"{names(row['clean_label'])} {100 * row['clean_confidence']:.0f} %"
        label = names(row["adversarial_label"])
        confidence = 100 * row["adversarial_confidence"]
        lines.append(f"{one_line(row['victim'])}:\n  {clean} > {label} {confidence:.0f} %")
    panel.text(0, 1, "\n".join(lines), va="top", fontsize=5, transform=panel.transAxes)
