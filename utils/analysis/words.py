"""The result of a family of runs in words, made from the numbers."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from utils.analysis.amounts import AMOUNTS
from utils.analysis.equal_amounts import equal_rows
from utils.analysis.families import Family
from utils.analysis.summary_rows import MEAN, clean_rows, summary_rows
from utils.errors import ResultsError
from utils.statistics import EQUIVALENT, FEWEST_IMAGES, is_equivalent
from utils.success import CONTROL, REFERENCE


def in_words(family: Family, size: float | None) -> list[str]:
    """Returns sentences on the mean over the black-box victims at one size of the bound.

    A gain or loss is called one where the exact test of flipped signs says so (at equal L2
    and SSIM: where the interval excludes 0); everything else is called unclear.
    """
    rows = summary_rows(family)
    rows = rows[(rows["size"] == size) & (rows["victim"] == MEAN)]
    if size is None or rows.empty:
        return ["No black-box victim was judged in every run: there is no mean to speak of."]
    victims, images = len(family.black_box), len(family.image_ids)
    clean = clean_rows(family).set_index("victim").loc[MEAN, "success_rate"]
    over = f"{victims} black-box victims" if victims > 1 else f"{family.black_box[0]}"
    sentences = [
        f"{family.source} was attacked with {_listed(family.method_titles.values())} at "
        f"{family.bound(size)} and {images} images; success ({family.goal}) is a mean over {over}. "
        f"Without any attack it is {clean:.1f} % of all images."
    ]
    if images < FEWEST_IMAGES:
        sentences.append(f"Fewer than {FEWEST_IMAGES} images say nothing of which mode is ahead.")
    compared = rows[~rows["mode"].isin([REFERENCE, CONTROL]) & rows["gain_over_sign"].notna()]
    told = [
        _Told(
            _name(family, row),
            row["gain_over_sign"],
            row["significant"] == 1,
            row["equal_within_2"] == 1,
        )
        for row in compared.to_dict("records")
    ]
    sentences += _verdicts(f"At the same {family.quantity}", told)
    sentences += _lengths(family, rows, compared)
    sentences += _at_equal(family, size)
    within = rows[(rows["within_random"] == 1)]
    if len(within) == rows["within_random"].notna().sum() > 0:
        sentences.append("None is above what random signs of the same size reach by themselves.")
    elif len(within):
        names = _listed(_name(family, row) for row in within.to_dict("records"))
        sentences.append(f"Not above what random signs reach by themselves: {names}.")
    elif rows["random_success"].notna().any():
        sentences.append("All are above what random signs of the same size reach by themselves.")
    return sentences


class _Told(NamedTuple):
    """What is told of a mode: its gain in points, whether that differs from 0 or equals it."""

    name: str
    gain: float
    clear: bool
    equal: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.gain:+.1f})"


def _verdicts(where: str, told: list[_Told]) -> list[str]:
    """Sorts modes into gains, losses, what equals sign, and the rest."""
    if not told:
        return []
    gains = [f"{each}" for each in told if each.clear and each.gain > 0]
    losses = [f"{each}" for each in told if each.clear and each.gain <= 0]
    equal = [f"{each}" for each in told if not each.clear and each.equal]
    rest = [f"{each}" for each in told if not each.clear and not each.equal]
    parts = [
        *([f"ahead of sign (in points): {_listed(gains)}"] if gains else []),
        *([f"behind sign: {_listed(losses)}"] if losses else []),
        *([f"equal to sign within {EQUIVALENT:g} points: {_listed(equal)}"] if equal else []),
        *([f"no difference is shown for {_listed(rest)}"] if rest else []),
    ]
    return [f"{where}, {'; '.join(parts)}."]


def _lengths(family: Family, rows: pd.DataFrame, compared: pd.DataFrame) -> list[str]:
    sign = rows[rows["mode"] == REFERENCE].set_index("method")["mean_l2"]
    shares = [
        row["mean_l2"] / sign[row["method"]]
        for row in compared.to_dict("records")
        if sign.get(row["method"], 0) > 0
    ]
    if not shares:
        return []
    low, high = min(shares), max(shares)
    spent = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
    return [f"They spend {spent} times sign's L2 length there."]


def _at_equal(family: Family, size: float) -> list[str]:
    sentences: list[str] = []
    try:
        for amount in AMOUNTS:
            told = _told(family, equal_rows(family, amount, [size]))
            sentences += _verdicts(f"At the same mean {amount.name}", told)
    except ResultsError:
        # Folders from before SSIM was measured have lengths alone.
        return sentences or ["Sign wasn't swept, so nothing can be said at equal L2."]
    return sentences


def _told(family: Family, rows: pd.DataFrame) -> list[_Told]:
    rows = rows[(rows["victim"] == MEAN) & ~rows["mode"].isin([CONTROL])]
    known = rows[rows["difference"].notna()]
    return [
        _Told(
            _name(family, row),
            row["difference"],
            row["significant"] == 1,
            is_equivalent(row["low"], row["high"], row["images"]),
        )
        for row in known.to_dict("records")
    ]


def _name(family: Family, row: dict) -> str:
    title = family.method_titles[row["method"]]
    return f"{title} with {row['mode']}" if len(family.method_titles) > 1 else str(row["mode"])


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
