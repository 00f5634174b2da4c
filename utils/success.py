"""What counts as success of an attack, and with what it is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Half a second to import, and needed by tables alone.
    import pandas as pd

# The mode that every other one is compared with.
REFERENCE = "sign"
# The mode that does without a gradient: an attack that isn't above it has shown nothing.
CONTROL = "random"
# Stands for a label where a victim gives none, as randomised smoothing may: never the true one.
ABSTAINED = -1


def succeeded(predictions: pd.DataFrame, targeted: bool) -> pd.Series:
    """Returns whether each prediction is what the attack was after: bool, one a row.

    Args:
      predictions: with adversarial_label, true_label and target_class, as in per_image.csv.
      targeted: whether that is the target class; else any but the true label.
    """
    return _is_wanted(predictions, "adversarial_label", targeted)


def succeeded_clean(predictions: pd.DataFrame, targeted: bool) -> pd.Series:
    """Returns the same of the clean images' predictions: what needs no attack."""
    return _is_wanted(predictions, "clean_label", targeted)


def _is_wanted(predictions: pd.DataFrame, label: str, targeted: bool) -> pd.Series:
    if targeted:
        return predictions[label] == predictions["target_class"]
    return predictions[label] != predictions["true_label"]
