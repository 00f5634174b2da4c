"""Gains by source and victim as tables: a line a source, a column a victim."""

from dataclasses import replace

import pandas as pd

from utils.analysis.comparisons import comparison_note, gain_text, with_holm
from utils.analysis.document import Span, Table, TableCell
from utils.analysis.families import Family
from utils.analysis.source_matrix import method_titles, sources_of, title_of_sources, victims_of
from utils.analysis.summary_rows import INTERVALS


def matrix_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table a bound of the rows of `matrix_rows`."""
    return [_table(family, of_size, size) for size, of_size in rows.groupby("size")]


def _table(family: Family, rows: pd.DataFrame, size: float) -> Table:
    rows = with_holm(rows, rows["gain_over_sign"].notna())
    victims = victims_of(rows)
    titles = method_titles(family)
    lines: list[tuple[TableCell, ...]] = []
    for (method, mode), group in rows.groupby(["method", "mode"], sort=False):
        lines.append((f"{titles[method]}, {mode}",))
        for source, of_source in group.groupby("source", sort=False):
            cells = {row["victim"]: _cell(row) for row in of_source.to_dict("records")}
            lines.append((str(source), *(cells.get(victim, "") for victim in victims)))
    return Table(
        f"{title_of_sources(family)}, {family.bound(size)}: gain over sign by source and victim",
        ("source", *victims),
        tuple(lines),
        (
            f"In points, with 95 % intervals. {family.goal_of}. The mean leaves out what was "
            "attacked itself, so it is over other victims in each line.",
            INTERVALS,
            comparison_note(rows),
            *dict.fromkeys(note for source in sources_of(family) for note in source.notes()),
        ),
    )


def _cell(row: dict) -> Span:
    span = gain_text(row)
    return replace(
        span, marks=(*span.marks, *(["white-box"] if row["setting"] == "white-box" else []))
    )
