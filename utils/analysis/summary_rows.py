"""One row an attack x victim, and one for the mean over the black-box victims."""

import pandas as pd

from utils.analysis.families import Attack, Family
from utils.statistics import (
    difference_interval,
    is_equivalent,
    is_significant,
    mcnemar_p,
    mean_interval,
    sign_flip_p,
)
from utils.success import CONTROL, REFERENCE

MEAN = "black-box mean"
CLEAN = "clean"
COLUMNS = (
    *("zoo", "source", "targeted", "method", "max_epsilon", "mode", "victim", "setting", "images"),
    *("seeds", "success_rate", "success_low", "success_high", "gain_over_sign", "gain_low"),
    *("gain_high", "mcnemar_p", "significant", "mean_l2", "max_l2", "size"),
    *("rate", "clean_success", "random_success", "random_low", "random_high", "within_random"),
    *("exact_p", "equal_within_2", "mean_ssim"),
)
# What a table says of its intervals.
INTERVALS = (
    "Intervals are 95 %: of a rate Wilson's score interval (of a mean over victims or seeds, with "
    "the sample size that its variance is worth), of a gain Agresti and Min's for matched pairs."
)


def summary_rows(family: Family) -> pd.DataFrame:
    """Returns the table's values, in percent, points and [0, 255] units.

    With one seed, a victim's row holds transfer.csv's own figures. Means over victims or seeds have
    intervals and a test of the same form. There is no gain where sign was run with other seeds.
    `exact_p` is the gain's p, McNemar's where there is one victim and seed; `significant` is 1
    where it is below 0.05 and there are images enough; `equal_within_2` is 1 where the gain's
    interval lies within 2 points of 0. `within_random` is 1 where the attack isn't above the
    interval of the random control of the same method and bound, 0 where it is, and empty where
    that wasn't run.
    """
    rows = []
    for attack in (attack for method in family.method_titles for attack in family.attacks(method)):
        described = family.describe(attack)
        for name, victims in victim_groups(family).items():
            if family.has_rate(attack, victims):
                setting = family.victims.get(name, "black-box")
                found = {"victim": name, "setting": setting} | attack_figures(
                    family, attack, victims
                )
                rows.append(described | found)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def clean_rows(family: Family) -> pd.DataFrame:
    """Returns rows of the same columns for the clean images, in percent of all images.

    `success_rate` is what needs no attack: the clean error, of targeted runs the images that are
    taken for their target as they are.
    """
    rows = []
    for name, victims in victim_groups(family).items():
        values = family.clean_success[victims].mean(axis=1).to_numpy()
        low, high = mean_interval(values)
        rows.append(
            {
                **{"zoo": family.zoo, "source": family.source, "targeted": int(family.targeted)},
                **{"mode": CLEAN, "victim": name, "images": len(values)},
                **{"mean_l2": 0.0, "mean_ssim": 1.0},
                "setting": family.victims.get(name, "black-box"),
                family.bound(0.0).flag: 0.0,
                "seeds": len({run.seed for run in family.runs}),
                **{"success_rate": 100 * values.mean(), "success_low": low, "success_high": high},
                "rate": "success",
            }
        )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def victim_groups(family: Family) -> dict[str, list[str]]:
    """Returns what stands in a column -> the victims in it: each victim, and the mean."""
    groups = {victim: [victim] for victim in family.victims}
    return groups | ({MEAN: family.black_box} if family.black_box else {})


def attack_figures(family: Family, attack: Attack, victims: list[str]) -> dict[str, object]:
    """Returns a row's figures: an attack's mean over victims, and beside sign and random."""
    values = family.mean_success(attack, victims)
    low, high = mean_interval(values)
    seeds = len(family.seeds(attack, victims))
    figures = {
        "images": len(values),
        "seeds": seeds or len(family.runs_of(attack)),
        "success_rate": 100 * values.mean(),
        "success_low": low,
        "success_high": high,
        "rate": family.rate,
        "clean_success": 0.0 if family.rate == "flip" else _clean(family, victims),
        **_beside_random(family, attack, victims, 100 * values.mean()),
    }
    if attack.mode == REFERENCE or not family.pairs(attack, attack.reference, victims):
        return figures
    reference = family.mean_success(attack.reference, victims)
    difference = values - reference
    low, high = difference_interval(difference)
    if len(victims) * seeds == 1:
        p = mcnemar_p(reference == 1, values == 1)
        figures["mcnemar_p"] = p
    else:
        p = sign_flip_p(family.changes(attack, victims))
    return figures | {
        "gain_over_sign": 100 * difference.sum() / len(difference),
        "gain_low": low,
        "gain_high": high,
        "significant": int(is_significant(p, len(values))),
        "exact_p": p,
        "equal_within_2": int(is_equivalent(low, high, len(values))),
    }


def _clean(family: Family, victims: list[str]) -> float:
    return 100 * float(family.clean_success[victims].to_numpy().mean())


def _beside_random(
    family: Family, attack: Attack, victims: list[str], rate: float
) -> dict[str, object]:
    control = attack._replace(mode=CONTROL)
    if attack.mode == CONTROL or not family.has_rate(control, victims):
        return {}
    values = family.mean_success(control, victims)
    low, high = mean_interval(values)
    return {
        "random_success": 100 * values.mean(),
        "random_low": low,
        "random_high": high,
        "within_random": int(rate <= high),
    }
