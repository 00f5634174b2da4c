"""What a run did to single photos: in words, and as strips of images."""

from pathlib import Path

import pandas as pd

from utils.analysis.class_names import ClassNames
from utils.analysis.families import load_families
from utils.analysis.figures.drawing import draw
from utils.analysis.figures.selection import Choices
from utils.analysis.runs import FinishedRun, load_runs
from utils.pipeline.record import PREDICTED

# More would hide the summary; figures.py draws any.
MOST_PHOTOS = 12


def summarise_photos(folder: Path, names: ClassNames, class_names: Path | None = None) -> str:
    """Draws a strip a photo beside a run's folder, and says what each victim saw.

    Args:
      folder: of a finished run.
      names: of its classes.
      class_names: the file that they are from, if they are from one.

    Returns:
      The text: for every victim, label and confidence of the clean photo and of each mode's.

    Raises:
      ResultsError, DataError: the run or its images can't be read, or a strip not be written.
    """
    run = load_runs([folder])[0]
    table = run.per_image
    images = list(dict.fromkeys(table["image_id"]))
    shown = images[:MOST_PHOTOS]
    parts = [
        f"{image_id}, {_label(run, rows, names)}. Label and confidence in %:\n\n"
        + _answers(rows, names).to_string()
        for image_id in shown
        if len(rows := table[table["image_id"] == image_id])
    ]
    place = folder.with_name(f"{folder.name}_strips")
    choices = Choices(figures=("strip",), images=tuple(shown), class_names=class_names)
    written = draw(load_families([folder]), choices, place, ("png",))
    where = f"{written[0]}" if len(written) == 1 else f"{place}/"
    parts.append(f"Strip (clean, perturbation, adversarial; one row a mode): {where}")
    if len(images) > len(shown):
        parts.append(
            f"The other {len(images) - len(shown)} images: per_image.csv, and `python "
            f"scripts/figures.py {folder} --figures strip --images ID` draws them."
        )
    return "\n" + "\n\n".join(parts)


def _label(run: FinishedRun, rows: pd.DataFrame, names: ClassNames) -> str:
    label = names(int(rows["true_label"].iloc[0]))
    said = run.record.prepared.labels if run.record.prepared is not None else ""
    # What a network says is no truth.
    return f"label {label} ({said})" if said.startswith(PREDICTED) else f"true label {label}"


def _answers(rows: pd.DataFrame, names: ClassNames) -> pd.DataFrame:
    """Returns a row a victim: what it said of the clean photo, and of each mode's."""
    answers: dict[str, dict[str, str]] = {}
    for row in rows.to_dict("records"):
        seen = answers.setdefault(row["victim"], {})
        seen |= {"clean": names.answer(row, "clean", 1)}
        seen |= {row["mode"]: names.answer(row, "adversarial", 1)}
    return pd.DataFrame(answers).T
