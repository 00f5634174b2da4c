"""The layouts of table.py: from families of runs to rows and tables."""

from collections.abc import Sequence

import pandas as pd

from utils.analysis.document import Table
from utils.analysis.families import Family
from utils.analysis.mode_table import mode_tables
from utils.analysis.paper_table import paper_tables
from utils.analysis.published import add_published, published_table
from utils.analysis.summary_rows import summary_rows

# "paper" has methods as rows and modes side by side, "modes" one row a method x mode, with costs.
LAYOUTS = {"paper": paper_tables, "modes": mode_tables}
# Columns as transfer.csv writes them, so that the same figure is the same text.
_DECIMALS = {
    **dict.fromkeys(("success_rate", "success_low", "success_high"), ".2f"),
    **dict.fromkeys(("gain_over_sign", "gain_low", "gain_high"), ".2f"),
    **dict.fromkeys(("sign_success", "sign_epsilon", "difference", "low", "high"), ".2f"),
    **{"published": ".2f", "mean_l2": ".3f", "mcnemar_p": ".6g", "max_epsilon": "g", "max_l2": "g"},
}


def lay_out(
    layout: str, family: Family, epsilon: float | None = None, published: bool = False
) -> tuple[pd.DataFrame, list[Table]]:
    """Returns a family's results, of all bounds or one epsilon, as rows and as tables.

    With `published` the rows hold the published figures, too, and a table more compares them.
    """
    rows = summary_rows(family)
    rows = rows[rows["size"].isin(family.sizes_of(epsilon))]
    if not published:
        return rows, LAYOUTS[layout](family, rows)
    rows = add_published(rows)
    return rows, [*LAYOUTS[layout](family, rows), published_table(family, rows)]


def to_csv(rows: Sequence[pd.DataFrame]) -> str:
    """Returns rows as CSV, one line an attack x victim; max_l2 is the last column."""
    table = pd.concat([part for part in rows if len(part)], ignore_index=True)
    if "sign_size" in table:
        # Of an L2 bound it is no epsilon.
        table["sign_size"] = table["sign_size"].where(table["max_epsilon"].notna())
    table = table.drop(columns="size").rename(columns={"sign_size": "sign_epsilon"})
    table["max_l2"] = table.pop("max_l2")
    for name in _DECIMALS.keys() & set(table):
        table[name] = ["" if pd.isna(v) else format(v, _DECIMALS[name]) for v in table[name]]
    if "significant" in table:
        table["significant"] = table["significant"].astype("Int64")
    return table.to_csv(index=False, lineterminator="\n")
