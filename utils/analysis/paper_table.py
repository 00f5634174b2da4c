"""The paper's layout: methods as rows, victims as columns, modes side by side or beneath."""

from collections.abc import Iterable

import pandas as pd

from utils.analysis.amounts import clean_cost, cost_head, cost_notes, cost_text
from utils.analysis.comparisons import comparison_note, gain_text, with_holm
from utils.analysis.document import Span, Table, TableCell, number
from utils.analysis.families import Family
from utils.analysis.summary_rows import CLEAN, INTERVALS, MEAN, clean_rows
from utils.success import CONTROL, REFERENCE

# More modes in one field can't be told apart any longer: they stand beneath each other.
_MOST_IN_A_FIELD = 3
_CLEAN_NOTE = {
    False: f"{CLEAN}: what the victims get wrong without any attack, in percent of all images.",
    True: f"{CLEAN}: taken for their target without any attack, in percent of all images.",
}


def paper_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table a bound of the summary rows; those of sign alone where all are.

    Up to three modes stand side by side and the random control in a line of its own; more have a
    line each.
    """
    tables = []
    for size in _sizes(rows):
        of_size = rows[rows["size"] == size]
        many = len(set(of_size["mode"]) - {CONTROL}) > _MOST_IN_A_FIELD
        tables.append((_tall if many else _wide)(family, of_size, size))
    return tables


def tall_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns the same with a line a mode, however few they are."""
    sizes = sorted(rows.loc[rows["mode"] != REFERENCE, "size"].unique()) or sorted(
        set(rows["size"])
    )
    return [_tall(family, rows[rows["size"] == size], size) for size in sizes]


def column_heads(family: Family, victims: Iterable[str]) -> list[Span]:
    """Returns the victims' names, white-box ones marked."""
    marked = {name for name, kind in family.victims.items() if kind == "white-box"}
    return [Span(name, marks=("white-box",) if name in marked else ()) for name in victims]


def clean_cells(family: Family, victims: Iterable[str]) -> list[str]:
    """Returns what needs no attack, of each victim and, where there is one, of the mean."""
    rates = clean_rows(family).set_index("victim")["success_rate"]
    return [number(rates.get(victim)) for victim in victims]


def clean_note(family: Family) -> str:
    """Returns what the clean line means."""
    return _CLEAN_NOTE[family.targeted]


def rate_span(row: pd.Series, bold: bool = False) -> Span:
    """Returns a summary row's rate, marked where it isn't above its random control."""
    marks = ("within-random",) if row["within_random"] == 1 else ()
    return Span(number(row["success_rate"]), bold, marks if pd.notna(row["success_rate"]) else ())


def _sizes(rows: pd.DataFrame) -> list[float]:
    corrected = rows[rows["mode"] != REFERENCE]
    return sorted((rows if corrected.empty else corrected)["size"].unique())


def _wide(family: Family, rows: pd.DataFrame, size: float) -> Table:
    # The random control's gain isn't shown here.
    shown = rows["mode"] != CONTROL
    rows = with_holm(rows, shown)
    present = [mode for mode in family.modes if mode in set(rows["mode"])]
    modes = [mode for mode in present if mode != CONTROL] or present
    control = [mode for mode in present if mode not in modes]
    victims = [*family.victims, *([MEAN] if family.black_box else [])]
    lines: list[tuple[TableCell, ...]] = [(CLEAN, *clean_cells(family, victims), clean_cost(rows))]
    for method, title in family.method_titles.items():
        of_method = rows[rows["method"] == method]
        if of_method.empty:
            continue
        columns = [
            of_method[of_method["victim"] == victim].set_index("mode").reindex(present)
            for victim in victims
        ]
        spent = of_method.groupby("mode")[["mean_l2", "mean_ssim"]].first().reindex(present)
        costs = {mode: Span(cost_text(*of_mode)) for mode, *of_mode in spent.itertuples()}
        rates = [_rates(column.loc[modes]) for column in columns]
        lines.append((title, *rates, tuple(costs[mode] for mode in modes)))
        others = [mode for mode in modes if mode != REFERENCE]
        if len(modes) > 1 and of_method["gain_over_sign"].notna().any():
            lines.append(("gain over sign", *(_gains(c.loc[others]) for c in columns), ""))
        if control and of_method["mode"].eq(CONTROL).any():
            reached = [number(column.loc[CONTROL, "success_rate"]) for column in columns]
            lines.append(("random control", *reached, costs[CONTROL]))
    return Table(
        f"{family.title}, {family.bound(size)}",
        ("method", *column_heads(family, victims), cost_head(rows)),
        tuple(lines),
        tuple(_notes(family, rows, f": {' / '.join(modes)}. The best in bold.", rows[shown])),
    )


def _tall(family: Family, rows: pd.DataFrame, size: float) -> Table:
    mean = [MEAN] if family.black_box else []
    shown = rows["victim"] == MEAN
    rows = with_holm(rows, shown)
    victims = [*mean, *family.victims]
    head: list[TableCell] = [MEAN, "gain over sign"] if mean else []
    head += column_heads(family, family.victims)
    clean: dict[str, TableCell] = dict(zip(victims, clean_cells(family, victims), strict=True))
    first: list[TableCell] = [clean[MEAN], ""] if mean else []
    lines: list[tuple[TableCell, ...]] = [
        (CLEAN, *first, *(clean[victim] for victim in family.victims), clean_cost(rows))
    ]
    for method, title in family.method_titles.items():
        of_method = rows[rows["method"] == method].set_index(["victim", "mode"])
        if of_method.empty:
            continue
        lines.append((title,))
        best = of_method["success_rate"].round(1).groupby("victim").agg(["max", "nunique"])
        for mode in (m for m in family.modes if m in of_method.index.get_level_values("mode")):
            row = of_method.xs(mode, level="mode").reindex([MEAN, *family.victims])
            cells: list[TableCell] = []
            for victim in [*mean, *family.victims]:
                rate = row.loc[victim]
                highest = victim in best.index and best.loc[victim, "nunique"] > 1
                is_best = highest and round(rate["success_rate"], 1) == best.loc[victim, "max"]
                cells.append(rate_span(rate, bold=bool(is_best)))
                if victim == MEAN:
                    cells.append(gain_text(rate))
            spent = row.dropna(subset="mean_l2").iloc[0]
            lines.append((mode, *cells, cost_text(spent["mean_l2"], spent["mean_ssim"])))
    return Table(
        f"{family.title}, {family.bound(size)}",
        ("mode", *head, cost_head(rows)),
        tuple(lines),
        tuple(_notes(family, rows, ", a line a mode. The best in bold.", rows[shown])),
    )


def _notes(family: Family, rows: pd.DataFrame, what: str, compared: pd.DataFrame) -> list[str]:
    notes = [
        f"{family.goal_of}{what}",
        clean_note(family),
        *cost_notes(rows),
        INTERVALS,
        comparison_note(compared),
        *family.notes(),
    ]
    seeds = int(rows["seeds"].max())
    return [*notes, f"Mean over {seeds} seeds."] if seeds > 1 else notes


def _rates(rows: pd.DataFrame) -> TableCell:
    # What looks equal in print is equally good; where all are, none is best.
    shown = rows["success_rate"].round(1)
    best = shown.max() if shown.nunique() > 1 else None
    return tuple(
        rate_span(row, bold=rate == best)
        for (_, row), rate in zip(rows.iterrows(), shown, strict=True)
    )


def _gains(rows: pd.DataFrame) -> TableCell:
    return tuple(gain_text(row, limits=False) for _, row in rows.iterrows())
