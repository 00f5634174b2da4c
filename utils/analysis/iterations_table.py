"""Success and length over iterations as tables: a line a mode and number of iterations."""

from itertools import groupby

import pandas as pd

from utils.analysis.amounts import cost_head, cost_notes, cost_text
from utils.analysis.comparisons import comparison_note, gain_text, with_holm
from utils.analysis.document import Table, TableCell, interval, number
from utils.analysis.faces import face
from utils.analysis.families import Family
from utils.analysis.iterations import (
    changes_places,
    courses,
    largest_lead,
    rankings,
)
from utils.analysis.summary_rows import INTERVALS
from utils.bound import plain_number
from utils.success import CONTROL, REFERENCE


def iteration_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table a method and bound, of the rows of `iteration_rows`."""
    tables = []
    for course in courses(family, set(rows["size"])):
        chosen = (rows["method"] == course.method) & (rows["size"] == course.size)
        of_course = with_holm(rows[chosen], rows.loc[chosen, "gain_over_sign"].notna())
        tables.append(_table(family, of_course, course.victims))
    return tables


def in_sentences(family: Family, rows: pd.DataFrame) -> list[str]:
    """Returns when each mode of one course leads sign most, and whether the ranking changes."""
    sentences = []
    last = rows["iterations"].max()
    for mode in (m for m in family.modes if m not in (REFERENCE, CONTROL)):
        best = largest_lead(rows, mode)
        if best is None:
            continue
        text = f"{mode}'s gain over sign is largest after {_after(best['iterations'])}"
        text += f": {_lead(best)} points"
        end = rows[(rows["mode"] == mode) & (rows["iterations"] == last)]
        if best["iterations"] != last and len(end) and pd.notna(end["gain_over_sign"].iloc[0]):
            text += f"; after {_after(last)} it is {_lead(end.iloc[0])}"
        sentences.append(f"{text}.")
    ranked = rankings(rows[rows["mode"] != CONTROL])
    if max(map(len, ranked.values())) < 2:
        return sentences
    orders = [(n, _order(rates)) for n, rates in ranked.items()]
    parts = []
    for order, group in groupby(orders, key=lambda pair: pair[1]):
        numbers = [n for n, _ in group]
        span = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
        parts.append(f"{order} ({span})")
    verdict = "changes" if changes_places(ranked) else "doesn't change"
    return [
        *sentences,
        f"The ranking by printed rates {verdict} with the iterations: {'; '.join(parts)}.",
    ]


def _table(family: Family, rows: pd.DataFrame, victims: list[str]) -> Table:
    title = family.method_titles[rows["method"].iloc[0]]
    lines: list[tuple[TableCell, ...]] = []
    for mode in (m for m in family.modes if m in set(rows["mode"])):
        lines.append((face(mode).title,))
        for row in rows[rows["mode"] == mode].to_dict("records"):
            limits = interval(row["success_low"], row["success_high"], ".1f")
            lines.append(
                (
                    f"{row['iterations']}",
                    f"{number(row['success_rate'])} {limits}",
                    gain_text(row),
                    cost_text(row["mean_l2"], row["mean_ssim"]),
                )
            )
    step = plain_number(rows["step_size"].iloc[0])
    bound = family.bound(rows["size"].iloc[0])
    return Table(
        f"{family.title}, {bound}, {title}: over iterations at step size {step}",
        ("iterations", "success", "gain over sign", cost_head(rows)),
        tuple(lines),
        (
            *in_sentences(family, rows),
            f"{family.goal_of}, mean over {', '.join(victims)} (black-box). Step size and mean L2 "
            "are in [0, 255] units.",
            *cost_notes(rows)[1:],
            INTERVALS,
            comparison_note(rows),
            *family.notes(),
        ),
    )


def _after(iterations: int) -> str:
    return f"{iterations} iteration{'s' if iterations > 1 else ''}"


def _lead(row: pd.Series) -> str:
    return f"{row['gain_over_sign']:+.1f} {interval(row['gain_low'], row['gain_high'])}"


def _order(rates: list[tuple[str, float]]) -> str:
    text = rates[0][0]
    for (_, before), (mode, rate) in zip(rates, rates[1:], strict=False):
        text += f" {'=' if rate == before else '>'} {mode}"
    return text
