"""One row a method x epsilon x mode x victim, and one for the mean over the black-box victims."""

import numpy as np
import pandas as pd

from utils.analysis.families import Family
from utils.statistics import Resamples, percentile_interval, wilson_interval

MEAN = "black-box mean"
COLUMNS = (
    *("zoo", "source", "targeted", "method", "max_epsilon", "mode", "victim", "setting", "images"),
    *("seeds", "success_rate", "success_low", "success_high", "gain_over_sign", "gain_low"),
    *("gain_high", "mcnemar_p", "significant", "mean_l2"),
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
    for method in family.methods:
        for epsilon, mode in family.cells(method):
            about = {
                "zoo": family.zoo,
                "source": family.source,
                "targeted": int(family.targeted),
                "method": method,
                "max_epsilon": epsilon,
                "mode": mode,
                "images": len(family.image_ids),
                "seeds": _seeds(family, method, epsilon, mode),
                "mean_l2": float(family.l2[method, epsilon, mode].mean()),
            }
            for victim, setting in family.victims.items():
                if (method, epsilon, mode, victim) not in family.success:
                    continue
                figures = (
                    _resampled(family, method, epsilon, mode, [victim], resamples)
                    if several
                    else _from_transfer(family, method, epsilon, mode, victim)
                )
                rows.append(about | {"victim": victim, "setting": setting} | figures)
            if family.black_box:
                figures = _resampled(family, method, epsilon, mode, family.black_box, resamples)
                rows.append(about | {"victim": MEAN, "setting": "black-box"} | figures)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def _seeds(family: Family, method: str, epsilon: float, mode: str) -> int:
    return sum(
        run.method == method and run.epsilon == epsilon and mode in run.record["modes"]
        for run in family.runs
    )


def _from_transfer(family: Family, method: str, epsilon: float, mode: str, victim: str) -> dict:
    table = family.transfer
    here = (table["method"] == method) & (table["max_epsilon"] == epsilon)
    row = table[here & (table["mode"] == mode) & (table["victim"] == victim)].iloc[0]
    kept = ("gain_over_sign", "gain_low", "gain_high", "mcnemar_p")
    figures = {name: row[name] for name in kept}
    figures["significant"] = _flag(row["mcnemar_p"] < 0.05, row["mcnemar_p"])
    if not family.targeted:
        rates = ("success_rate", "success_low", "success_high")
        return figures | {name: row[name] for name in rates}
    low, high = wilson_interval(row["target_hits"], row["images"])
    return figures | {
        "success_rate": row["target_rate"],
        "success_low": low,
        "success_high": high,
    }


def _resampled(
    family: Family,
    method: str,
    epsilon: float,
    mode: str,
    victims: list[str],
    resamples: Resamples,
) -> dict:
    here = family.success[method, epsilon]
    values = _over(here, mode, victims)
    low, high = percentile_interval(100 * resamples.means(values))
    figures = {"success_rate": 100 * values.mean(), "success_low": low, "success_high": high}
    if mode == "sign" or "sign" not in here.columns.get_level_values(0):
        return figures
    gain = values - _over(here, "sign", victims)
    low, high = percentile_interval(100 * resamples.means(gain))
    return figures | {
        "gain_over_sign": 100 * gain.mean(),
        "gain_low": low,
        "gain_high": high,
        "significant": int(low > 0 or high < 0),
    }


def _over(success: pd.DataFrame, mode: str, victims: list[str]) -> np.ndarray:
    """Success per image averaged over victims: float64 [images]."""
    return success[mode][[v for v in victims if v in success[mode]]].mean(axis=1).to_numpy()


def _flag(holds: bool, known: float) -> int | None:
    return None if pd.isna(known) else int(holds)
