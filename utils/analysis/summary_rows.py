"""One row an attack x victim, and one for the mean over the black-box victims."""

import numpy as np
import pandas as pd

from utils.analysis.families import Attack, Family
from utils.statistics import (
    difference_interval,
    is_significant,
    mcnemar_p,
    mean_interval,
    sign_flip_p,
)
from utils.success import REFERENCE

MEAN = "black-box mean"
COLUMNS = (
    *("zoo", "source", "targeted", "method", "max_epsilon", "mode", "victim", "setting", "images"),
    *("seeds", "success_rate", "success_low", "success_high", "gain_over_sign", "gain_low"),
    *("gain_high", "mcnemar_p", "significant", "mean_l2", "max_l2", "size"),
)


def summary_rows(family: Family) -> pd.DataFrame:
    """Returns the table's values, in percent, points and [0, 255] units.

    With one seed, a victim's row holds transfer.csv's own figures. Means over victims or seeds have
    intervals and a test of the same form. There is no gain where sign was run with other seeds.
    `significant` is 1 where the gain's p is below 0.05 and there are images enough.
    """
    rows = []
    for attack in (attack for method in family.method_titles for attack in family.attacks(method)):
        described = family.describe(attack)
        groups = {victim: [victim] for victim in family.victims}
        if family.black_box:
            groups[MEAN] = family.black_box
        for name, victims in groups.items():
            if any((*attack, victim) not in family.success for victim in victims):
                continue
            setting = family.victims.get(name, "black-box")
            found = {"victim": name, "setting": setting} | _figures(family, attack, victims)
            rows.append(described | found)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def _figures(family: Family, attack: Attack, victims: list[str]) -> dict[str, object]:
    values = family.mean_success(attack, victims)
    low, high = mean_interval(values)
    seeds = len(family.seeds(attack, victims))
    figures = {
        "seeds": seeds or len(family.runs_of(attack)),
        "success_rate": 100 * values.mean(),
        "success_low": low,
        "success_high": high,
    }
    if attack.mode == REFERENCE or not family.pairs(attack, attack.reference, victims):
        return figures
    reference = family.mean_success(attack.reference, victims)
    difference = values - reference
    low, high = difference_interval(difference)
    whole = len(victims) * seeds
    if whole == 1:
        p = mcnemar_p(reference == 1, values == 1)
        figures["mcnemar_p"] = p
    else:
        p = sign_flip_p(np.rint(difference * whole))
    return figures | {
        "gain_over_sign": 100 * difference.sum() / len(difference),
        "gain_low": low,
        "gain_high": high,
        "significant": int(is_significant(p, len(values))),
    }
