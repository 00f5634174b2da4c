"""Gain at equal cost: a mode's success against what sign reaches at the same mean L2.

Attacks of one bound differ in the L2 that they spend, and that alone changes transfer (Tramer's
"space of transferable adversarial examples" and arXiv 2102.10343). So sign is swept over the bound,
and its success at the mean L2 of the other mode is read off between two points of the sweep.
"""

from collections.abc import Container

import numpy as np
import pandas as pd

from utils.analysis.families import Attack, Family
from utils.analysis.summary_rows import MEAN
from utils.errors import ResultsError
from utils.statistics import Resamples, percentile_interval
from utils.success import REFERENCE

OUTSIDE = "outside the sweep"
# The share of resamples that may fall off the sweep's end before an interval means nothing.
_MOST_OUTSIDE = 0.05
COLUMNS = (
    *("zoo", "source", "method", "max_epsilon", "mode", "victim", "setting", "images", "mean_l2"),
    *("success_rate", "sign_size", "sign_success", "difference", "low", "high", "note"),
    *("max_l2", "size"),
)


class SignSweep:
    """What sign does with one method, by rising size of the bound.

    Attributes:
      sizes: float64 [P], at least two, in [0, 255] units.
      l2: float64 [images, P], L2 of each perturbation, in [0, 255] units.
      success: victim -> float64 [images, P].

    Raises:
      ResultsError: there are fewer than two sizes, or the method's runs differ in victims.
    """

    def __init__(self, family: Family, method: str):
        attacks = [attack for attack in family.attacks(method) if attack.mode == REFERENCE]
        for attack in family.attacks(method):
            missing = [name for name in family.victims if (*attack, name) not in family.success]
            if missing:
                raise ResultsError(
                    f"{method} at {family.bound(attack.size)} was not judged on "
                    f"{', '.join(missing)}: give attack.py the same --victims there, too."
                )
        if len(attacks) < 2:
            raise ResultsError(
                f"--equal_l2 needs sign at two or more {family.quantity}s, and {method} from "
                f"{family.source} has {len(attacks)}: run scripts/sweep.py with sign_epsilons in "
                "the grid."
            )
        self.family = family
        self.sizes = np.array([attack.size for attack in attacks])
        self.l2 = family.l2[attacks].to_numpy()
        self.success = {
            victim: family.success[[(*attack, victim) for attack in attacks]].to_numpy()
            for victim in family.victims
        }

    def compare(
        self, attack: Attack, victims: list[str], resamples: Resamples
    ) -> dict[str, object]:
        """Compares an attack's mean success over victims with sign's: a row's figures."""
        l2 = self.family.l2[attack].to_numpy()
        success = self.family.success[attack][victims].mean(axis=1).to_numpy()
        figures: dict[str, object] = {"success_rate": 100 * float(success.mean())}
        all_images = np.full((1, len(l2)), 1 / len(l2))
        sign = float(self._success_at(l2, victims, all_images)[0])
        if np.isnan(sign):
            return figures | {"note": OUTSIDE}
        sizes = interpolate(all_images @ l2, all_images @ self.l2, self.sizes[None])
        figures |= {
            "sign_size": float(sizes[0]),
            "sign_success": 100 * sign,
            "difference": round(100 * float(success.mean() - sign), 9) + 0.0,
        }
        differences = resamples.means(success) - self._success_at(l2, victims, resamples.shares)
        inside = ~np.isnan(differences)
        if inside.mean() < 1 - _MOST_OUTSIDE:
            return figures | {"note": "no interval: at the sweep's end"}
        low, high = percentile_interval(100 * differences[inside])
        return figures | {"low": low, "high": high}

    def _success_at(self, l2: np.ndarray, victims: list[str], shares: np.ndarray) -> np.ndarray:
        """Mean success over victims where sign spends the mean of `l2`, in each row of shares."""
        success = np.mean([self.success[victim] for victim in victims], axis=0)
        return interpolate(shares @ l2, shares @ self.l2, shares @ success)


def interpolate(l2: np.ndarray, points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Reads off linearly interpolated values, each row by itself; NaN outside the points.

    Args:
      l2: float64 [R], where to read.
      points: float64 [R, P], rising in each row.
      values: float64 [R, P], at the points.

    Returns:
      float64 [R].
    """
    last = points.shape[1] - 1
    right = np.clip((points < l2[:, None]).sum(axis=1), 1, last)
    rows = np.arange(len(l2))
    below, above = points[rows, right - 1], points[rows, right]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = (l2 - below) / (above - below)
    read = (1 - weight) * values[rows, right - 1] + weight * values[rows, right]
    return np.where((points[:, 0] <= l2) & (l2 <= points[:, last]), read, np.nan)


def equal_l2_rows(family: Family, sizes: Container[float] | None = None) -> pd.DataFrame:
    """Returns one row a corrected attack x victim, and the black-box means.

    Rates in percent, differences in points, L2 and sizes in [0, 255] units. The interval is a
    95 % percentile interval of a paired bootstrap over images; both the mean L2 and the weight
    between the sweep's points are computed anew in every resample.

    Args:
      family: a sweep over the bound.
      sizes: only these of the bound; None: all at which corrected modes were run.

    Raises:
      ResultsError: sign was run at fewer than two sizes, or runs differ in victims.
    """
    resamples = Resamples(len(family.image_ids))
    groups = {victim: [victim] for victim in family.victims}
    if family.black_box:
        groups[MEAN] = family.black_box
    rows = []
    for method in family.method_titles:
        attacks = [
            attack
            for attack in family.attacks(method)
            if attack.mode != REFERENCE and (sizes is None or attack.size in sizes)
        ]
        if not attacks:
            continue
        sweep = SignSweep(family, method)
        for attack in attacks:
            for name, victims in groups.items():
                setting = family.victims.get(name, "black-box")
                described = family.describe(attack) | {"victim": name, "setting": setting}
                rows.append(described | sweep.compare(attack, victims, resamples))
    return pd.DataFrame(rows, columns=list(COLUMNS))
