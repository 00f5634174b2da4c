"""Gain at equal cost: a mode's success against what sign reaches at the same mean L2.

Attacks of one epsilon differ in the L2 that they spend, and that alone changes transfer (Tramer's
"space of transferable adversarial examples" and arXiv 2102.10343). So sign is swept over epsilon,
and its success at the mean L2 of the other mode is read off between two points of the sweep.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from utils.analysis.document import Cell, Span, Table
from utils.analysis.families import Family
from utils.analysis.summary_rows import MEAN
from utils.analysis.titles import method_title
from utils.errors import ResultsError
from utils.statistics import Resamples, percentile_interval

OUTSIDE = "outside the sweep"
# The share of resamples that may fall off the sweep's end before an interval means nothing.
_MOST_OUTSIDE = 0.05
COLUMNS = (
    *("zoo", "source", "method", "max_epsilon", "mode", "victim", "setting", "images", "mean_l2"),
    *("success_rate", "sign_epsilon", "sign_success", "difference", "low", "high", "note"),
)


@dataclass(frozen=True)
class SignSweep:
    """What sign does with one method, by rising epsilon.

    Attributes:
      epsilons: float64 [P], at least two, in [0, 255] units.
      l2: float64 [images, P], L2 of each perturbation, in [0, 255] units.
    """

    epsilons: np.ndarray
    l2: np.ndarray

    @classmethod
    def of(cls, family: Family, method: str) -> "SignSweep":
        """Collects a family's runs of sign.

        Raises:
          ResultsError: there are fewer than two.
        """
        epsilons = [epsilon for epsilon, mode in family.cells(method) if mode == "sign"]
        if len(epsilons) < 2:
            raise ResultsError(
                f"--equal_l2 needs sign at two or more epsilons, and {method} from {family.source} "
                f"has {len(epsilons)}: run scripts/sweep.py with sign_epsilons in the grid."
            )
        columns = [(method, epsilon, "sign") for epsilon in epsilons]
        return cls(np.array(epsilons), family.l2[columns].to_numpy())


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


def equal_l2_rows(family: Family, epsilon: float | None = None) -> pd.DataFrame:
    """Returns one row a method x epsilon x corrected mode x victim, and the black-box means.

    Rates in percent, differences in points, L2 and epsilons in [0, 255] units. The interval is a
    95 % percentile interval of a paired bootstrap over images; both the mean L2 and the weight
    between the sweep's points are computed anew in every resample.

    Args:
      family: an epsilon sweep.
      epsilon: only this one; None: all at which corrected modes were run.

    Raises:
      ResultsError: sign was run at fewer than two epsilons.
    """
    resamples = Resamples(len(family.image_ids))
    rows = []
    for method in family.methods:
        cells = [
            cell
            for cell in family.cells(method)
            if cell[1] != "sign" and epsilon in (None, cell[0])
        ]
        if not cells:
            continue
        sweep = SignSweep.of(family, method)
        groups = {victim: [victim] for victim in family.victims}
        if family.black_box:
            groups[MEAN] = family.black_box
        for size, mode in cells:
            for name, victims in groups.items():
                about = {
                    "zoo": family.zoo,
                    "source": family.source,
                    "method": method,
                    "max_epsilon": size,
                    "mode": mode,
                    "victim": name,
                    "setting": family.victims.get(name, "black-box"),
                    "images": len(family.image_ids),
                }
                figures = _compare(family, sweep, (method, size, mode), victims, resamples)
                rows.append(about | figures)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _compare(
    family: Family,
    sweep: SignSweep,
    attack: tuple[str, float, str],
    victims: list[str],
    resamples: Resamples,
) -> dict[str, object]:
    method = attack[0]
    l2 = family.l2[attack].to_numpy()
    success = family.success[attack][victims].mean(axis=1).to_numpy()
    sign = np.stack(
        [
            family.success[method, e, "sign"][victims].mean(axis=1).to_numpy()
            for e in sweep.epsilons
        ],
        axis=1,
    )
    all_images = np.full((1, len(l2)), 1 / len(l2))
    figures = {"mean_l2": float(l2.mean()), "success_rate": 100 * float(success.mean())}
    here = _sign_at(all_images, l2, sweep.l2, sign)
    if np.isnan(here[0]):
        return figures | {"note": OUTSIDE}
    points = all_images @ sweep.l2
    figures |= {
        "sign_epsilon": float(interpolate(all_images @ l2, points, sweep.epsilons[None])[0]),
        "sign_success": 100 * float(here[0]),
        "difference": round(100 * float(success.mean() - here[0]), 9) + 0.0,
    }
    differences = resamples.means(success) - _sign_at(resamples.shares, l2, sweep.l2, sign)
    inside = ~np.isnan(differences)
    if inside.mean() < 1 - _MOST_OUTSIDE:
        return figures | {"note": "no interval: at the sweep's end"}
    low, high = percentile_interval(100 * differences[inside])
    return figures | {"low": low, "high": high}


def _sign_at(
    shares: np.ndarray, l2: np.ndarray, points: np.ndarray, sign: np.ndarray
) -> np.ndarray:
    """Sign's success at the mean L2 of `l2`, in every row of shares."""
    return interpolate(shares @ l2, shares @ points, shares @ sign)


def equal_l2_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns the means over the black-box victims in full, and the difference per victim."""
    victims = list(dict.fromkeys(rows["victim"]))
    if rows.empty:
        return []
    tables = [] if MEAN not in victims else [_full(family, rows[rows["victim"] == MEAN])]
    return [*tables, _per_victim(family, rows, victims)]


def _full(family: Family, rows: pd.DataFrame) -> Table:
    heads = ("attack", "mode", "epsilon", "mean L2", "sign's epsilon", "success", "sign's", "gain")
    lines = []
    for row in rows.to_dict("records"):
        name = Cell.of(method_title(row["method"]))
        own = (row["mode"], f"{row['max_epsilon']:g}", f"{row['mean_l2']:.0f}")
        found = row["note"] != OUTSIDE
        lines.append(
            (
                name,
                *map(Cell.of, own),
                Cell.of(f"{row['sign_epsilon']:.1f}" if found else ""),
                Cell.of(f"{row['success_rate']:.1f}"),
                Cell.of(f"{row['sign_success']:.1f}" if found else ""),
                _difference(row),
            )
        )
    return Table(
        f"{family.title}: gain at equal L2, mean over the black-box victims",
        tuple(map(Cell.of, heads)),
        tuple(lines),
        (
            f"Success is {family.goal}, in percent. Sign's is what sign reaches when its epsilon "
            "is lowered or raised until it spends the same mean L2 (in [0, 255] units), "
            "interpolated between the epsilons that were run. The gain is in points, with a 95 % "
            "interval from a paired bootstrap over images.",
        ),
    )


def _per_victim(family: Family, rows: pd.DataFrame, victims: list[str]) -> Table:
    white_box = [name for name, setting in family.victims.items() if setting == "white-box"]
    heads = [
        Cell((Span(victim, mark="white-box" if victim in white_box else ""),)) for victim in victims
    ]
    lines = []
    for (method, epsilon, mode), group in rows.groupby(
        ["method", "max_epsilon", "mode"], sort=False
    ):
        by_victim = {row["victim"]: row for row in group.to_dict("records")}
        name = f"{method_title(method)}, {mode}, epsilon {epsilon:g}"
        lines.append((Cell.of(name), *(_difference(by_victim[victim]) for victim in victims)))
    return Table(
        f"{family.title}: gain at equal L2, per victim",
        (Cell.of("attack"), *heads),
        tuple(lines),
        ("In points over sign at the same mean L2, with 95 % intervals.",),
    )


def _difference(row: dict) -> Cell:
    if row["note"] == OUTSIDE:
        return Cell.of(OUTSIDE)
    if isinstance(row["note"], str) and row["note"]:
        return Cell.of(f"{row['difference']:+.1f} ({row['note']})")
    clear = row["low"] > 0 or row["high"] < 0
    text = f"{row['difference']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]"
    return Cell((Span(text, bold=clear),))
