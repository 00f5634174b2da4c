"""The paper's layout: methods as rows, victims as columns, modes side by side."""

from collections.abc import Sequence

import pandas as pd

from utils.analysis.document import Cell, Span, Table
from utils.analysis.families import Family
from utils.analysis.summary_rows import MEAN
from utils.analysis.titles import method_title


def paper_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table an epsilon; where only sign was run, only if that holds for all of them.

    Args:
      family: the runs.
      rows: its summary rows.
    """
    corrected = rows[rows["mode"] != "sign"]
    epsilons = (rows if corrected.empty else corrected)["max_epsilon"].unique()
    return [_table(family, rows[rows["max_epsilon"] == e], e) for e in sorted(epsilons)]


def column_heads(victims: Sequence[str], white_box: Sequence[str]) -> list[Cell]:
    """Returns the victims' names, white-box ones marked."""
    return [Cell((Span(v, mark="white-box" if v in white_box else ""),)) for v in victims]


def _table(family: Family, rows: pd.DataFrame, epsilon: float) -> Table:
    modes = [mode for mode in family.modes if mode in set(rows["mode"])]
    victims = [*family.victims, *([MEAN] if family.black_box else [])]
    white_box = [name for name, setting in family.victims.items() if setting == "white-box"]
    lines = []
    for method in family.methods:
        of_method = rows[rows["method"] == method]
        if of_method.empty:
            continue
        by_victim = {
            victim: group.set_index("mode").reindex(modes)
            for victim, group in of_method.groupby("victim")
        }
        columns = [by_victim[victim] for victim in victims]
        lengths = [Span(_number(value, "{:.0f}")) for value in columns[0]["mean_l2"]]
        rates = [_rates(column["success_rate"]) for column in columns]
        lines.append((Cell.of(method_title(method)), *rates, Cell(tuple(lengths))))
        if len(modes) > 1 and of_method["gain_over_sign"].notna().any():
            gains = [_gains(column.drop(index="sign")) for column in columns]
            lines.append((Cell.of("gain over sign"), *gains, Cell.of("")))
    between = " / ".join(modes)
    notes = [
        f"{family.goal.capitalize()}, in percent of all images: {between}. The best in bold.",
        "Mean L2 is what the perturbations spent, in [0, 255] units: a fair comparison is one at "
        "equal length (table.py --equal_l2).",
    ]
    seeds = int(rows["seeds"].max())
    if seeds > 1:
        notes.append(f"Mean over {seeds} seeds.")
    return Table(
        f"{family.title}, {family.bound(epsilon)}",
        (Cell.of("method"), *column_heads(victims, white_box), Cell.of("mean L2")),
        tuple(lines),
        tuple(notes),
    )


def _rates(rates: pd.Series) -> Cell:
    # What looks equal in print is equally good; where all are, none is best.
    shown = rates.round(1)
    best = shown.max() if shown.nunique() > 1 else None
    return Cell(tuple(Span(_number(rate), bold=rate == best) for rate in shown))


def _gains(rows: pd.DataFrame) -> Cell:
    return Cell(
        tuple(
            Span(
                _number(row["gain_over_sign"], "{:+.1f}"),
                mark="significant" if row["significant"] == 1 else "",
            )
            for row in rows.to_dict("records")
        )
    )


def _number(value: float, form: str = "{:.1f}") -> str:
    return "" if pd.isna(value) else form.format(value)
