"""The gain at equal L2 or SSIM: the black-box means in full, and the difference per victim."""

import pandas as pd

from utils.analysis.amounts import L2, Amount
from utils.analysis.comparisons import EQUAL, EQUAL_NOTE
from utils.analysis.document import Span, Table, TableCell, interval, number
from utils.analysis.equal_amounts import NO_SWEEP, OUTSIDE
from utils.analysis.families import Family
from utils.analysis.paper_table import clean_cells, column_heads
from utils.analysis.summary_rows import MEAN
from utils.statistics import is_equivalent


def equal_tables(family: Family, rows: pd.DataFrame, amount: Amount = L2) -> list[Table]:
    """Returns both, where there are rows of `equal_rows` at that amount for them."""
    means = rows[rows["victim"] == MEAN]
    tables = [] if means.empty else [_full(family, means, amount)]
    return tables if rows.empty else [*tables, _per_victim(family, rows, amount)]


def _full(family: Family, rows: pd.DataFrame, amount: Amount) -> Table:
    name = family.quantity
    lines: list[tuple[TableCell, ...]] = []
    for row in rows.to_dict("records"):
        inside = row["note"] not in (OUTSIDE, NO_SWEEP)
        lines.append(
            (
                *(family.method_titles[row["method"]], row["mode"]),
                *(f"{row['size']:g}", number(row[amount.mean], amount.form)),
                f"{row['sign_size']:.1f}" if inside else "",
                f"{row['success_rate']:.1f}",
                f"{row['sign_success']:.1f}" if inside else "",
                difference_text(row),
            )
        )
    clean = f"Without any attack it is {clean_cells(family, [MEAN])[0]} % of all images."
    return Table(
        f"{family.title}: gain at equal {amount.name}, mean over the black-box victims",
        (
            *("attack", "mode", name, f"mean {amount.name}"),
            *(f"sign's {name}", "success", "sign's", "gain"),
        ),
        tuple(lines),
        (
            f"{family.goal_of}. Sign's is what sign reaches when its {name} "
            f"is lowered or raised until it {amount.same}, "
            f"interpolated between the {name}s that were run. The gain is in points, with a 95 % "
            "interval over images, in bold where that excludes 0. " + interval_note(amount),
            clean,
            count_note(rows),
            *family.notes(),
        ),
    )


def _per_victim(family: Family, rows: pd.DataFrame, amount: Amount) -> Table:
    """A line a victim and a column a mode: many victims would be too wide side by side."""
    victims = [name for name in [MEAN, *family.victims] if name in set(rows["victim"])]
    heads = dict(zip(victims, column_heads(family, victims), strict=True))
    modes = [mode for mode in family.modes if mode in set(rows["mode"])]
    lines: list[tuple[TableCell, ...]] = []
    for (method, size), group in rows.groupby(["method", "size"], sort=False):
        if not set(group["victim"]) - {MEAN}:
            continue
        lines.append((f"{family.method_titles[method]}, {family.bound(size)}",))
        cells = {
            (row["victim"], row["mode"]): difference_text(row) for row in group.to_dict("records")
        }
        lines += [
            (heads[victim], *(cells.get((victim, mode), "") for mode in modes))
            for victim in victims
        ]
    return Table(
        f"{family.title}: gain at equal {amount.name}, per victim",
        ("victim", *modes),
        tuple(lines),
        (
            f"In points over sign at the same mean {amount.name}, with 95 % intervals, in bold "
            "where that excludes 0. " + interval_note(amount),
            count_note(rows),
            *family.notes(),
        ),
    )


def interval_note(amount: Amount) -> str:
    """Returns what the intervals are."""
    of = f"of differences linearised in {amount.name}"
    return f"The interval is Agresti and Min's for matched pairs, {of}."


def difference_text(row: dict) -> Span:
    """Returns a row's difference with its interval, or why it has none."""
    if row["note"] in (OUTSIDE, NO_SWEEP):
        return Span(row["note"])
    if isinstance(row["note"], str) and row["note"]:
        return Span(f"{row['difference']:+.1f} ({row['note']})")
    text = f"{row['difference']:+.1f} {interval(row['low'], row['high'])}"
    if is_equivalent(row["low"], row["high"], row["images"]):
        text += f" ({EQUAL})"
    return Span(text, bold=row["significant"] == 1)


def count_note(rows: pd.DataFrame) -> str:
    """Returns how many comparisons the rows are."""
    count = int(rows["low"].notna().sum())
    return (
        f"{count} comparison{'' if count == 1 else 's'} with sign; each interval is by itself, not "
        f"widened for their number. {EQUAL_NOTE}"
    )
