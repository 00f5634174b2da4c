"""From families of runs to what table.py prints."""

from collections.abc import Sequence

import pandas as pd

from utils.analysis.document import Table
from utils.analysis.families import Family
from utils.analysis.mode_table import mode_tables
from utils.analysis.paper_table import paper_tables
from utils.analysis.published import add_published, published_table
from utils.analysis.summary_rows import summary_rows

# Columns as transfer.csv writes them, so that the same figure is the same text.
_DECIMALS = {
    **dict.fromkeys(("success_rate", "success_low", "success_high"), 2),
    **dict.fromkeys(("gain_over_sign", "gain_low", "gain_high", "difference", "low", "high"), 2),
    **dict.fromkeys(("published", "sign_success", "sign_epsilon"), 2),
    "mean_l2": 3,
}


LAYOUTS = {"paper": paper_tables, "modes": mode_tables}


def lay_out(
    layout: str,
    found: Sequence[Family],
    epsilon: float | None = None,
    beside_published: bool = False,
) -> tuple[list[pd.DataFrame], list[Table]]:
    """Returns the results as rows and as tables.

    Args:
      layout: a key of LAYOUTS: "paper" has methods as rows and modes side by side, "modes" one row
        a method x mode, with what each cost.
      found: the families, each with tables of its own.
      epsilon: only this one; None: all.
      beside_published: add the published figures and a table with them.
    """
    all_rows, tables = [], []
    for family in found:
        rows = summary_rows(family)
        if epsilon is not None:
            rows = rows[rows["max_epsilon"] == epsilon]
        if beside_published:
            rows = add_published(rows)
        tables += LAYOUTS[layout](family, rows)
        if beside_published:
            tables.append(published_table(family, rows))
        all_rows.append(rows)
    return all_rows, tables


def csv_of(rows: Sequence[pd.DataFrame]) -> str:
    """Returns rows as CSV, one line a method x epsilon x mode x victim."""
    table = pd.concat([part for part in rows if len(part)], ignore_index=True)
    for name, decimals in _DECIMALS.items():
        if name in table:
            table[name] = ["" if pd.isna(v) else f"{v:.{decimals}f}" for v in table[name]]
    if "mcnemar_p" in table:
        table["mcnemar_p"] = ["" if pd.isna(v) else f"{v:.6g}" for v in table["mcnemar_p"]]
        table["significant"] = table["significant"].astype("Int64")
    table["max_epsilon"] = [f"{value:g}" for value in table["max_epsilon"]]
    return table.to_csv(index=False, lineterminator="\n")
