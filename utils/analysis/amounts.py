"""What an attack spends: the amounts that tables show beside success and compare at."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from utils.analysis.document import number

T = TypeVar("T", float, np.ndarray, pd.Series)


@dataclass(frozen=True)
class Amount:
    """A cost of every adversarial image.

    Attributes:
      column: of per_image.csv.
      name: what it is called.
      form: how a mean of it is written.
      same: what sign does where it spends as much as another mode, for a sentence.
      falls: whether it is the lower, the more was spent.
    """

    column: str
    name: str
    form: str
    same: str
    falls: bool = False

    @property
    def mean(self) -> str:
        """The column of its mean, in transfer.csv and in tables' rows."""
        return f"mean_{self.column}"

    def rising(self, values: T) -> T:
        """Returns what rises with the perturbation, of values of `column`."""
        return 1 - values if self.falls else values


L2 = Amount("l2", "L2", ".0f", "spends the same mean L2 (in [0, 255] units)")
SSIM = Amount("ssim", "SSIM", ".3f", "has the same mean SSIM (1 is the original)", falls=True)
AMOUNTS = (L2, SSIM)
_L2_NOTE = (
    "Mean L2 is what the perturbations spent, in [0, 255] units: a fair comparison is one at "
    "equal length (table.py --equal_l2)."
)
_SSIM_NOTE = (
    "SSIM is what an eye sees of them: the mean similarity to the original, from 1 downwards "
    "(table.py --equal_ssim compares at the same)."
)


def cost_head(rows: pd.DataFrame) -> str:
    """Returns the head of the column with what attacks spent, of rows of a table."""
    return "mean L2 (SSIM)" if _knows_ssim(rows) else "mean L2"


def cost_text(l2: float, ssim: float) -> str:
    """Returns both means as a field of that column; SSIM may be NaN, where it wasn't measured."""
    length, similarity = number(l2, L2.form), number(ssim, SSIM.form)
    return f"{length} ({similarity})" if similarity else length


def clean_cost(rows: pd.DataFrame) -> str:
    """Returns the same of images that nothing was done to."""
    return cost_text(0, 1 if _knows_ssim(rows) else float("nan"))


def cost_notes(rows: pd.DataFrame) -> list[str]:
    """Returns what the column means."""
    return [_L2_NOTE, _SSIM_NOTE] if _knows_ssim(rows) else [_L2_NOTE]


def _knows_ssim(rows: pd.DataFrame) -> bool:
    return bool(rows[SSIM.mean].notna().any())
