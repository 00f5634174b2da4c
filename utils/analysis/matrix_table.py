"""Gains by source and victim as tables: a line a source, a column a victim."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd

from utils.analysis.amounts import Amount
from utils.analysis.comparisons import comparison_note, gain_text, with_holm
from utils.analysis.document import Span, Table, TableCell
from utils.analysis.equal_amounts_tables import count_note, difference_text, interval_note
from utils.analysis.families import Family
from utils.analysis.source_matrix import method_titles, sources_of, title_of_sources, victims_of
from utils.analysis.summary_rows import INTERVALS


def matrix_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table a bound of the rows of `matrix_rows`."""
    return [_table(family, of_size, size) for size, of_size in rows.groupby("size")]


def equal_matrix_tables(family: Family, rows: pd.DataFrame, amount: Amount) -> list[Table]:
    """Returns one table a bound of the rows of `equal_matrix_rows`."""
    return [_equal_table(family, rows, size, amount) for size, rows in rows.groupby("size")]


def _table(family: Family, rows: pd.DataFrame, size: float) -> Table:
    rows = with_holm(rows, rows["gain_over_sign"].notna())
    notes = (f"In points, with 95 % intervals. {family.goal_of}.", INTERVALS, comparison_note(rows))
    return _laid_out(family, rows, f"{family.bound(size)}: gain over sign", notes, gain_text)


def _equal_table(family: Family, rows: pd.DataFrame, size: float, amount: Amount) -> Table:
    notes = (
        f"In points over sign at the same mean {amount.name}, with 95 % intervals, in bold where "
        f"that excludes 0. {family.goal_of}. {interval_note(amount)}",
        count_note(rows),
    )
    what = f"{family.bound(size)}: gain at equal {amount.name}"
    return _laid_out(family, rows, what, notes, difference_text)


def _laid_out(
    family: Family,
    rows: pd.DataFrame,
    what: str,
    notes: Sequence[str],
    text: Callable[[dict], Span],
) -> Table:
    victims, titles = victims_of(rows), method_titles(family)
    lines: list[tuple[TableCell, ...]] = []
    for (method, mode), group in rows.groupby(["method", "mode"], sort=False):
        lines.append((f"{titles[method]}, {mode}",))
        for source, of_source in group.groupby("source", sort=False):
            cells = {row["victim"]: _marked(row, text(row)) for row in of_source.to_dict("records")}
            lines.append((str(source), *(cells.get(victim, "") for victim in victims)))
    return Table(
        f"{title_of_sources(family)}, {what} by source and victim",
        ("source", *victims),
        tuple(lines),
        (
            *notes,
            "The mean leaves out what was attacked itself, so it is over other victims in each "
            "line.",
            *dict.fromkeys(note for source in sources_of(family) for note in source.notes()),
        ),
    )


def _marked(row: dict, span: Span) -> Span:
    white = ("white-box",) if row["setting"] == "white-box" else ()
    return replace(span, marks=(*span.marks, *white))
