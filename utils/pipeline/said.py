"""What victims said of a run's images, held in columns: a list and a number each would fill memory.

50,000 images in three modes and nine victims are 1.35 million answers.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from utils.pipeline.predictions import TOP

LABELS = tuple(f"label_{place}" for place in range(1, TOP + 1))
# Where an answer has fewer labels: no label.
_NONE = np.iinfo(np.int32).min
Row = tuple[str, str, str, Sequence[int], "float | None"]


class Said:
    """What one victim said of the images of one mode.

    Args:
      count: how many images there are.

    Attributes:
      labels: int32 [N, TOP], the likeliest first.
      confidence: float64 [N]; NaN where it wasn't told.
      there: bool [N], of which images it has said anything.
    """

    def __init__(self, count: int) -> None:
        self.labels = np.full((count, TOP), _NONE, np.int32)
        self.confidence = np.full(count, np.nan)
        self.there = np.zeros(count, bool)

    def note(self, place: int, labels: Sequence[int], confidence: float | None) -> None:
        """Keeps one answer, at the image's place in the run; at most TOP labels."""
        self.labels[place] = _NONE
        self.labels[place, : len(labels)] = labels
        self.confidence[place] = np.nan if confidence is None else confidence
        self.there[place] = True


def said_table(said: Mapping[tuple[str, str], Said], ids: Sequence[str]) -> pd.DataFrame:
    """Returns victim, mode (or "clean"), image_id, LABELS and confidence, a row an answer.

    Args:
      said: (victim, mode) -> answers; the rows come in this order, and then in that of the images.
      ids: of the images.
    """
    names = np.array(list(ids), object)
    counts = [int(each.there.sum()) for each in said.values()]
    victims, modes = (
        np.repeat(np.array([key[part] for key in said], object), counts) for part in (0, 1)
    )
    places = [each.there for each in said.values()]
    columns = {"victim": victims, "mode": modes, "image_id": _joined([names[p] for p in places])}
    labels = _joined([each.labels[p] for each, p in zip(said.values(), places, strict=True)])
    columns |= dict(zip(LABELS, labels.reshape(-1, TOP).T, strict=True))
    confidence = [each.confidence[p] for each, p in zip(said.values(), places, strict=True)]
    return pd.DataFrame(columns | {"confidence": _joined(confidence)}, copy=False)


def table_of_rows(rows: Iterable[Row]) -> pd.DataFrame:
    """As `said_table`, of (victim, mode, image_id, labels, confidence or None), in their order."""
    rows = list(rows)
    said = Said(len(rows))
    for place, row in enumerate(rows):
        said.note(place, *row[3:])
    columns = {
        name: np.array([row[part] for row in rows], object)
        for part, name in enumerate(("victim", "mode", "image_id"))
    }
    columns |= dict(zip(LABELS, said.labels.T, strict=True))
    return pd.DataFrame(columns | {"confidence": said.confidence})


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0)
