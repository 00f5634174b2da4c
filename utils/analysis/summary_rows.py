"""One row an attack x victim, and one for the mean over the black-box victims."""

import numpy as np
import pandas as pd

from utils.analysis.families import Attack, Family
from utils.statistics import Resamples, percentile_interval, wilson_interval
from utils.success import REFERENCE

MEAN = "black-box mean"
COLUMNS = (
    *("zoo", "source", "targeted", "method", "max_epsilon", "mode", "victim", "setting", "images"),
    *("seeds", "success_rate", "success_low", "success_high", "gain_over_sign", "gain_low"),
    *("gain_high", "mcnemar_p", "significant", "mean_l2", "max_l2", "size"),
)


def summary_rows(family: Family) -> pd.DataFrame:
    """Returns the table's values, in percent, points and [0, 255] units.

    With one seed, a victim's row holds transfer.csv's own figures. The mean over the black-box
    victims, and everything with several seeds, has intervals by a bootstrap over images.
    `significant` is 1 where the gain's McNemar p is below 0.05, or its interval excludes 0.
    """
    resamples = Resamples(len(family.image_ids))
    several = len({run.seed for run in family.runs}) > 1
    rows = []
    for attack in (attack for method in family.method_titles for attack in family.attacks(method)):
        described = family.describe(attack) | {"seeds": len(family.runs_of(attack))}
        for victim, setting in family.victims.items():
            if (*attack, victim) not in family.success:
                continue
            if several:
                figures = _resampled(family, attack, [victim], resamples)
            else:
                figures = _from_transfer(family, attack, victim)
            rows.append(described | {"victim": victim, "setting": setting} | figures)
        if family.black_box:
            figures = _resampled(family, attack, family.black_box, resamples)
            rows.append(described | {"victim": MEAN, "setting": "black-box"} | figures)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def _from_transfer(family: Family, attack: Attack, victim: str) -> dict[str, object]:
    row = family.transfer_of(attack).set_index("victim").loc[victim]
    p = row["mcnemar_p"]
    figures = {
        **row[["gain_over_sign", "gain_low", "gain_high", "mcnemar_p"]],
        "significant": None if pd.isna(p) else int(p < 0.05),
    }
    if not family.targeted:
        return figures | dict(row[["success_rate", "success_low", "success_high"]])
    low, high = wilson_interval(row["target_hits"], row["images"])
    return figures | {
        "success_rate": row["target_rate"],
        "success_low": low,
        "success_high": high,
    }


def _resampled(
    family: Family, attack: Attack, victims: list[str], resamples: Resamples
) -> dict[str, object]:
    values = _mean_success(family, attack, victims)
    low, high = percentile_interval(100 * resamples.means(values))
    figures = {"success_rate": 100 * values.mean(), "success_low": low, "success_high": high}
    if attack.mode == REFERENCE or attack.reference not in family.l2:
        return figures
    gain = values - _mean_success(family, attack.reference, victims)
    low, high = percentile_interval(100 * resamples.means(gain))
    return figures | {
        "gain_over_sign": 100 * gain.mean(),
        "gain_low": low,
        "gain_high": high,
        "significant": int(low > 0 or high < 0),
    }


def _mean_success(family: Family, attack: Attack, victims: list[str]) -> np.ndarray:
    """Success per image, averaged over those of the victims that were judged: float64 [images]."""
    success = family.success[attack]
    return success[[name for name in victims if name in success]].mean(axis=1).to_numpy()
