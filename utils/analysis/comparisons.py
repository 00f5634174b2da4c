"""How many comparisons with sign a table makes, and what that does to their p-values."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from utils.analysis.document import Span, interval
from utils.statistics import EQUIVALENT, holm, is_significant

ADJUSTMENTS = ("none", "holm")
EQUAL = f"equal within {EQUIVALENT:g}"
EQUAL_NOTE = (
    f'"{EQUAL}": the 95 % interval of a gain lies within {EQUIVALENT:g} points to either side of 0.'
)


def ask_for_holm(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns rows of which every table shows Holm's p, over what stands in that table."""
    return rows.assign(holm_p=float("nan"), comparisons=0)


def with_holm(rows: pd.DataFrame, shown: pd.Series) -> pd.DataFrame:
    """Returns rows with Holm's p and `significant` by it, where `ask_for_holm` was called.

    Args:
      rows: of one table.
      shown: bool, a row each: whether its gain stands in the table.
    """
    return _by_holm(adjusted(rows, shown)) if "holm_p" in rows else rows


def adjusted(rows: pd.DataFrame, shown: pd.Series | None = None) -> pd.DataFrame:
    """Returns rows with holm_p, over the gains shown, and how many comparisons these are."""
    compared = rows["exact_p"].notna() & (True if shown is None else shown)
    values = pd.Series(float("nan"), rows.index)
    values[compared] = holm(rows.loc[compared, "exact_p"].to_numpy(float))
    count = int(compared.sum())
    return rows.assign(holm_p=values, comparisons=compared.map({True: count, False: pd.NA}))


def comparison_note(rows: pd.DataFrame, marks: str = "stars") -> str:
    """Returns how many comparisons a table of these rows' gains makes, and which p it shows."""
    count = int(rows["gain_over_sign"].notna().sum())
    if "holm_p" in rows:
        which = f"p is the exact one and Holm's, adjusted for {count}; {marks} are by Holm's"
    else:
        which = f"{marks} are by the exact p, each by itself; --adjust holm adjusts it for all"
    made = f"{count} comparison{'' if count == 1 else 's'} with sign: {which}."
    told = rows["equal_within_2"].eq(1).any() if count else False
    return f"{made} {EQUAL_NOTE}" if told else made


def gain_text(row: Mapping[str, Any] | pd.Series, limits: bool = True) -> Span:
    """Returns a gain with its interval, what may be said of it, and p where that was asked for."""
    if pd.isna(row["gain_over_sign"]):
        return Span("")
    text = f"{row['gain_over_sign']:+.1f}"
    if limits:
        text += f" {interval(row['gain_low'], row['gain_high'])}"
    said = [EQUAL] if row["equal_within_2"] == 1 else []
    if "holm_p" in row:
        said.append(f"p {row['exact_p']:.2g}, Holm {row['holm_p']:.2g}")
    if said:
        text += f" ({'; '.join(said)})"
    mark = "significant-holm" if "holm_p" in row else "significant"
    return Span(text, marks=(mark,) if row["significant"] == 1 else ())


def _by_holm(rows: pd.DataFrame) -> pd.DataFrame:
    significant = [
        float(is_significant(p, images)) if pd.notna(p) else float("nan")
        for p, images in zip(rows["holm_p"], rows["images"], strict=True)
    ]
    return rows.assign(significant=significant)
