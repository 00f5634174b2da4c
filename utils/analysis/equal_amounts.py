"""Gain at equal cost: a mode's success against what sign reaches at the same mean L2, or SSIM.

Attacks of one bound differ in the L2 that they spend, and that alone changes transfer (Tramer's
"space of transferable adversarial examples" and arXiv 2102.10343). So sign is swept over the bound,
and its success at the mean L2 of the other mode is read off between two points of the sweep.
Perturbations of one L2 may be more or less visible, so the same can be asked at equal SSIM.
"""

from collections.abc import Container, Iterable

import numpy as np
import pandas as pd

from utils.analysis.amounts import AMOUNTS, L2, Amount
from utils.analysis.families import Attack, Family
from utils.analysis.summary_rows import victim_groups
from utils.errors import ResultsError
from utils.statistics import FEWEST_IMAGES, difference_interval
from utils.success import REFERENCE

OUTSIDE = "outside the sweep"
NO_SWEEP = "sign not swept"
COLUMNS = (
    *("zoo", "source", "method", "max_epsilon", "mode", "victim", "setting", "images", "mean_l2"),
    *("success_rate", "sign_size", "sign_success", "difference", "low", "high", "note"),
    *("significant", "max_l2", "size", "mean_ssim"),
)


class SignSweep:
    """What sign does with the method, victims and seeds of an attack, by rising size of the bound.

    Attributes:
      sizes: float64 [P] in [0, 255] units.
      spent: float64 [images, P], of each perturbation: its L2 in [0, 255] units, or 1 - SSIM.
      success: float64 [images, P], mean over the victims.
    """

    def __init__(self, family: Family, attack: Attack, victims: list[str], amount: Amount):
        attacks = [
            other
            for other in family.attacks(attack.method)
            if other.mode == REFERENCE and family.pairs(other, attack, victims)
        ]
        self.sizes = np.array([other.size for other in attacks])
        images = int(family.counted(victims).any(axis=1).sum())
        spent = [amount.rising(family.spent(other, victims, amount)) for other in attacks]
        values = [family.mean_success(other, victims) for other in attacks]
        self.spent = np.stack(spent, axis=1) if spent else np.empty((images, 0))
        self.success = np.stack(values, axis=1) if values else np.empty((images, 0))

    def compare(self, spent: np.ndarray, success: np.ndarray) -> dict[str, object]:
        """Compares what an attack spent, and its success, with sign's: a row's figures.

        Both are float64 [images].

        The difference is linearised round the means: each image's share in it holds what the image
        does to the weight between the two points, too.
        """
        rate = 100 * float(success.mean())
        figures: dict[str, object] = {"success_rate": rate, "images": len(spent)}
        points = self.spent.mean(axis=0)
        if len(points) < 2 or (np.diff(points) < 0).any():
            return figures | {"note": NO_SWEEP}
        place = between(points, spent.mean())
        if place is None:
            return figures | {"note": OUTSIDE}
        ends, weights = place
        width = points[ends[1]] - points[ends[0]]
        shares = success - self.success[:, ends] @ weights
        difference = 100 * float(shares.sum()) / len(shares)
        figures |= {
            "sign_size": float(self.sizes[ends] @ weights),
            "sign_success": rate - difference,
            "difference": round(difference, 9) + 0.0,
        }
        if self._near_an_end(spent) or width <= 0:
            return figures | {"note": "no interval: at the sweep's end"}
        slope = np.diff(self.success[:, ends].mean(axis=0))[0] / width
        low, high = difference_interval(shares - slope * (spent - self.spent[:, ends] @ weights))
        return figures | {
            "low": low,
            "high": high,
            "significant": int(len(spent) >= FEWEST_IMAGES and (low > 0 or high < 0)),
        }

    def _near_an_end(self, spent: np.ndarray) -> bool:
        """Whether other images would take the mean off the sweep in over 5 % of cases."""
        for beyond in (spent - self.spent[:, 0], self.spent[:, -1] - spent):
            if beyond.mean() < 1.645 * beyond.std() / np.sqrt(len(beyond)):
                return True
        return False


def between(points: np.ndarray, value: float) -> tuple[list[int], np.ndarray] | None:
    """Finds the two neighbouring points that a value lies between, and their weights.

    Args:
      points: float64 [P], at least two, not falling.
      value: what is looked for.

    Returns:
      (two indices, float64 [2] that sum to 1), or None beyond the points.
    """
    if not points[0] <= value <= points[-1]:
        return None
    right = int(np.clip((points < value).sum(), 1, len(points) - 1))
    width = points[right] - points[right - 1]
    weight = (value - points[right - 1]) / width if width > 0 else 1.0
    return [right - 1, right], np.array([1 - weight, weight])


def equal_rows(
    family: Family, amount: Amount = L2, sizes: Container[float] | None = None
) -> pd.DataFrame:
    """Returns one row a corrected attack x victim, and the black-box means.

    Rates in percent, differences in points, L2 and sizes in [0, 255] units; sign's are linearly
    interpolated between the two sizes of the sweep with the mean amount round the attack's. The
    interval is that of a paired difference (`difference_interval`).

    Args:
      family: a sweep over the bound.
      amount: what sign and the attack are to spend the same of.
      sizes: only these of the bound; None: all at which corrected modes were run.

    Raises:
      ResultsError: sign was run at fewer than two sizes with every method, or a run lacks the
        amount.
    """
    for run in family.runs:
        if run.per_image[amount.column].isna().any():
            raise ResultsError(
                f"--equal_{amount.column} needs the {amount.name} of every image, which {run.path} "
                f"lacks: `python scripts/judge.py {run.path}` measures it, if they are not smaller "
                "than its window of 11 pixels."
            )
    groups = victim_groups(family)
    compared = {
        method: [
            attack
            for attack in family.attacks(method)
            if attack.mode != REFERENCE and (sizes is None or attack.size in sizes)
        ]
        for method in family.method_titles
    }
    points = {
        method: sum(attack.mode == REFERENCE for attack in family.attacks(method))
        for method, attacks in compared.items()
        if attacks
    }
    # One method that was not swept keeps no other from its comparison: its rows say so.
    if points and max(points.values()) < 2:
        method, count = next(iter(points.items()))
        raise ResultsError(
            f"--equal_{amount.column} needs sign at two or more {family.quantity}s, and "
            f"{method} has {count} ({family.title}): run scripts/sweep.py with sign_epsilons "
            "in the grid."
        )
    rows = []
    for attacks in compared.values():
        for attack in attacks:
            for name, victims in groups.items():
                if not family.has_rate(attack, victims):
                    continue
                setting = family.victims.get(name, "black-box")
                described = family.describe(attack) | {"victim": name, "setting": setting}
                spent = {each: family.spent(attack, victims, each) for each in AMOUNTS}
                means = {each.mean: float(of.mean()) for each, of in spent.items()}
                found = SignSweep(family, attack, victims, amount).compare(
                    amount.rising(spent[amount]), family.mean_success(attack, victims)
                )
                rows.append(described | means | found)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def equal_rows_of(
    families: Iterable[Family], amount: Amount = L2, sizes: Container[float] | None = None
) -> tuple[pd.DataFrame, list[ResultsError]]:
    """Returns the rows of `equal_rows` of all families together, and why some have none."""
    parts, reasons = [], []
    for family in families:
        try:
            parts.append(equal_rows(family, amount, sizes))
        except ResultsError as error:
            reasons.append(error)
    # Without the empty ones, which would make a column's numbers objects.
    told = [part for part in parts if len(part)]
    rows = pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=list(COLUMNS))
    return rows, reasons
