"""The paper's layout: methods as rows, victims as columns, modes side by side."""

from collections.abc import Iterable

import pandas as pd

from utils.analysis.document import Span, Table, TableCell
from utils.analysis.families import Family
from utils.analysis.summary_rows import MEAN
from utils.success import REFERENCE


def paper_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table a bound of the summary rows; those of sign alone where all are."""
    corrected = rows[rows["mode"] != REFERENCE]
    sizes = (rows if corrected.empty else corrected)["size"].unique()
    return [_table(family, rows[rows["size"] == size], size) for size in sorted(sizes)]


def column_heads(family: Family, victims: Iterable[str]) -> list[Span]:
    """Returns the victims' names, white-box ones marked."""
    marks = {name: "white-box" for name, kind in family.victims.items() if kind == "white-box"}
    return [Span(name, mark=marks.get(name, "")) for name in victims]


def _table(family: Family, rows: pd.DataFrame, size: float) -> Table:
    modes = [mode for mode in family.modes if mode in set(rows["mode"])]
    victims = [*family.victims, *([MEAN] if family.black_box else [])]
    lines: list[tuple[TableCell, ...]] = []
    for method, title in family.method_titles.items():
        of_method = rows[rows["method"] == method]
        if of_method.empty:
            continue
        columns = [
            of_method[of_method["victim"] == victim].set_index("mode").reindex(modes)
            for victim in victims
        ]
        spent = of_method.groupby("mode")["mean_l2"].first().reindex(modes)
        lengths = tuple(Span(number(value, ".0f")) for value in spent)
        lines.append((title, *(_rates(column["success_rate"]) for column in columns), lengths))
        if len(modes) > 1 and of_method["gain_over_sign"].notna().any():
            gains = [_gains(column.drop(index=REFERENCE)) for column in columns]
            lines.append(("gain over sign", *gains, ""))
    notes = [
        f"{family.goal.capitalize()}, in percent of all images: {' / '.join(modes)}. The best in "
        "bold.",
        "Mean L2 is what the perturbations spent, in [0, 255] units: a fair comparison is one at "
        "equal length (table.py --equal_l2).",
        *family.notes(),
    ]
    seeds = int(rows["seeds"].max())
    if seeds > 1:
        notes.append(f"Mean over {seeds} seeds.")
    return Table(
        f"{family.title}, {family.bound(size)}",
        ("method", *column_heads(family, victims), "mean L2"),
        tuple(lines),
        tuple(notes),
    )


def _rates(rates: pd.Series) -> TableCell:
    # What looks equal in print is equally good; where all are, none is best.
    shown = rates.round(1)
    best = shown.max() if shown.nunique() > 1 else None
    return tuple(Span(number(rate), bold=rate == best) for rate in shown)


def _gains(rows: pd.DataFrame) -> TableCell:
    pairs = zip(rows["gain_over_sign"], rows["significant"], strict=True)
    return tuple(
        Span(number(gain, "+.1f"), mark="significant" if significant == 1 else "")
        for gain, significant in pairs
    )


def number(value: float, form: str = ".1f") -> str:
    """Returns a number as text; nothing where there is none."""
    return "" if pd.isna(value) else format(value, form)
