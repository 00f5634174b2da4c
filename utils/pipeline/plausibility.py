"""Whether a victim's errors on clean images can be its own, or tell of wrong labels or input.

A table of labels that starts counting elsewhere, or pixels in another range than the network takes,
make nearly every attack look successful: the victim is wrong before anything is attacked.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from utils.statistics import wilson_interval

# The least accurate public network of the zoo, mobilenet_v1_0.25_128, is wrong on half of the
# development images; where no accuracy is published, more than this is not taken for an error of
# the network.
_UNPUBLISHED = 50.0  # percent
# How far above the published error the interval must lie: another choice of photos moves it, too.
_MARGIN = 10.0  # points


def doubt(
    name: str,
    labels: Sequence[int] | np.ndarray,
    true_labels: Sequence[int] | np.ndarray,
    published: float | None = None,
) -> str:
    """Returns a sentence where a network is wrong too often on clean images, else nothing.

    Args:
      name: the network's.
      labels: int [N], what it says of the clean images, in the CSV's convention.
      true_labels: int [N], TrueLabel of the CSV.
      published: the clean accuracy that others report, in percent, if any.
    """
    said, true = np.asarray(labels, np.int64), np.asarray(true_labels, np.int64)
    if not len(said):
        return ""
    error, lowest, _ = _error(said, true)
    shift, shifted, highest = min(
        ((shift, *_error(said, true + shift)[::2]) for shift in (1, -1)), key=lambda each: each[1]
    )
    is_shifted = highest < lowest
    if published is None:
        expected, is_doubtful = "", lowest > _UNPUBLISHED
    else:
        expected = f", where {100 - published:.1f} % are published"
        is_doubtful = lowest > 100 - published + max(_MARGIN, 100 - published)
    if not is_doubtful and not is_shifted:
        return ""
    images = f"{len(said)} clean image{'s' * (len(said) > 1)}"
    found = f"{name} is wrong on {error:.1f} % of {images}{expected}: "
    if is_shifted:
        return found + (
            f"with labels {shift:+d} it would be {shifted:.1f} %, so TrueLabel seems to count from "
            "elsewhere (ImageNet's 1000 classes are 1 to 1000, 0 is background; a file of answers "
            "that counts them from 0 needs offset=1)."
        )
    return found + (
        "success rates contain that. Check TrueLabel, and the range and preprocessing of its input."
    )


def doubts(per_image: pd.DataFrame, published: Mapping[str, float | None]) -> list[str]:
    """Returns a sentence for each kind of doubt about a run's victims.

    Args:
      per_image: victim, mode, clean_label and true_label, as in per_image.csv.
      published: victim -> its published clean accuracy in percent, or None.
    """
    clean = per_image[per_image["mode"] == per_image["mode"].iloc[0]]
    found: dict[str, list[str]] = {}
    for victim, rows in clean.groupby("victim", sort=False):
        text = doubt(victim, rows["clean_label"], rows["true_label"], published.get(victim))
        if text:
            # What is the matter is the same for all victims; how often they are wrong is not.
            found.setdefault(text.rpartition(":")[2].partition(" it would")[0], []).append(text)
    return [
        first + (f" (Of {len(rest) + 1} victims; the others say so, too.)" if rest else "")
        for first, *rest in found.values()
    ]


def _error(said: np.ndarray, true: np.ndarray) -> tuple[float, float, float]:
    """Returns how many percent are wrong, and the interval's ends."""
    wrong = int((said != true).sum())
    return 100 * wrong / len(said), *wilson_interval(wrong, len(said))
