"""Strips of images: clean, perturbation amplified, adversarial, and what the victims say."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.analysis.families import Family
from utils.analysis.figures.choices import Choices
from utils.analysis.figures.pairs import read_pair
from utils.analysis.figures.style import WIDTH, panels
from utils.analysis.runs import Run
from utils.analysis.titles import method_title, mode_title

_GREY = 128


def image_strips(family: Family, rows: pd.DataFrame, choices: Choices) -> list[tuple[str, Figure]]:
    """Draws one figure an image and method: a row a mode."""
    epsilon = choices.epsilon_of(family)
    first_seed = family.runs[0].seed
    drawn = []
    for image_id in choices.images_of(family):
        for method in choices.methods_of(family):
            for run in family.runs:
                if (run.method, run.epsilon, run.seed) == (method, epsilon, first_seed):
                    drawn.append((f"{image_id}_{method}", _strip(run, image_id, choices)))
    return drawn


def amplified(clean: np.ndarray, adversarial: np.ndarray, factor: float) -> np.ndarray:
    """Returns the perturbation times `factor` around grey: uint8 [S, S, 3]."""
    difference = adversarial.astype(np.float32) - clean.astype(np.float32)
    return np.clip(_GREY + factor * difference, 0, 255).astype(np.uint8)


def sign_like(clean: np.ndarray, adversarial: np.ndarray) -> np.ndarray:
    """Returns the perturbation's signs: black, grey and white per channel, uint8 [S, S, 3]."""
    difference = adversarial.astype(np.int16) - clean.astype(np.int16)
    return np.clip(_GREY + 128 * np.sign(difference), 0, 255).astype(np.uint8)


def _strip(run: Run, image_id: str, choices: Choices) -> Figure:
    modes = run.record["modes"]
    table = run.per_image[run.per_image["image_id"] == image_id]
    victims = list(dict.fromkeys(table["victim"]))
    columns = 6
    height = max(WIDTH / columns, 0.17 * len(victims))
    figure, axes = panels(columns * len(modes), columns=columns, height=height)
    for row, mode in enumerate(modes):
        clean, adversarial = read_pair(run, mode, image_id)
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
        line[0].set_ylabel(mode_title(mode))
        _say(line[-1], table[table["mode"] == mode], choices)
    right = choices.class_names(int(table["true_label"].iloc[0]))
    figure.supxlabel(
        f"Image {image_id} ({right}), {method_title(run.method)}, epsilon {run.epsilon:g}, source "
        f"{run.source}.\nRight: label and confidence of each victim, clean > adversarial.",
    )
    return figure


def _say(panel: Axes, rows: pd.DataFrame, choices: Choices) -> None:
    panel.set_axis_off()
    lines = []
    for row in rows.to_dict("records"):
        clean = f"{choices.class_names(row['clean_label'])} {100 * row['clean_confidence']:.0f} %"
        label = choices.class_names(row["adversarial_label"])
        lines.append(
            f"{row['victim']}:\n  {clean} > {label} {100 * row['adversarial_confidence']:.0f} %"
        )
    panel.text(0, 1, "\n".join(lines), va="top", fontsize=5, transform=panel.transAxes)
