"""One row a method x mode: what it reached, what it spent, and how it followed the gradient."""

from dataclasses import replace

import pandas as pd

from utils.analysis.amounts import clean_cost, cost_head, cost_notes, cost_text
from utils.analysis.comparisons import comparison_note, gain_text, with_holm
from utils.analysis.document import Table, TableCell, interval, number
from utils.analysis.families import Attack, Family
from utils.analysis.paper_table import (
    clean_cells,
    clean_note,
    column_heads,
    rate_span,
)
from utils.analysis.summary_rows import CLEAN, INTERVALS, MEAN


def mode_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table a bound of the summary rows."""
    return [_table(family, of_size, size) for size, of_size in rows.groupby("size")]


def _table(family: Family, rows: pd.DataFrame, size: float) -> Table:
    shown = rows["victim"] == MEAN
    rows = with_holm(rows, shown)
    victims = [*family.victims, MEAN]
    lines: list[tuple[TableCell, ...]] = [
        (CLEAN, "", *clean_cells(family, victims), "", "0.00", clean_cost(rows), "")
    ]
    for method, title in family.method_titles.items():
        of_method = rows[rows["method"] == method]
        for place, (mode, group) in enumerate(of_method.groupby("mode", sort=False)):
            by_victim = group.set_index("victim").reindex(victims)
            mean = by_victim.loc[MEAN]
            lines.append(
                (
                    title if place == 0 else "",
                    mode,
                    *(rate_span(by_victim.loc[victim]) for victim in family.victims),
                    replace(
                        rate_span(mean),
                        text=_rate(mean),
                    ),
                    replace(gain_text(mean), bold=mean["significant"] == 1, marks=()),
                    *_costs(family, Attack(method, size, mode)),
                )
            )
    return Table(
        f"{family.title}, {family.bound(size)}",
        (
            "method",
            "mode",
            *column_heads(family, family.victims),
            MEAN,
            "gain over sign",
            "mean abs",
            cost_head(rows),
            "cosine",
        ),
        tuple(lines),
        (
            f"{family.goal_of}; the mean over the black-box victims and its gain with 95 % "
            "intervals over images, the gain in bold where it differs from 0 (exact test of "
            "flipped signs over images, p < 0.05).",
            clean_note(family),
            INTERVALS,
            comparison_note(rows[shown], "bold gains"),
            "Mean abs and mean L2 are what the perturbations spent, in [0, 255] units; cosine is "
            "that between the step taken and the source's gradient, mean over the steps.",
            *cost_notes(rows)[1:],
            *family.notes(),
        ),
    )


def _rate(row: pd.Series) -> str:
    rate = number(row["success_rate"])
    return f"{rate} {interval(row['success_low'], row['success_high'], '.1f')}" if rate else ""


def _costs(family: Family, attack: Attack) -> list[str]:
    written = family.transfer_of(attack)
    cosines = [
        run.steps.loc[run.steps["mode"] == attack.mode, "mean_cosine"].mean()
        for run in family.runs_of(attack)
    ]
    return [
        f"{written['mean_abs'].mean():.2f}",
        cost_text(written["mean_l2"].mean(), written["mean_ssim"].mean()),
        number(sum(cosines) / len(cosines), ".3f"),
    ]
