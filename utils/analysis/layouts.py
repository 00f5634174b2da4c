"""The layouts of table.py: from families of runs to rows and tables."""

from collections.abc import Sequence

import pandas as pd

from utils.analysis.changes_table import changes_tables
from utils.analysis.comparisons import adjusted, ask_for_holm
from utils.analysis.document import Table
from utils.analysis.families import Family
from utils.analysis.iterations import iteration_rows
from utils.analysis.iterations_table import iteration_tables
from utils.analysis.matrix_table import matrix_tables
from utils.analysis.mode_table import mode_tables
from utils.analysis.paper_table import paper_tables
from utils.analysis.published import add_published, published_table
from utils.analysis.source_matrix import matrix_rows
from utils.analysis.summary_rows import clean_rows, summary_rows

# "paper" has methods as rows and modes side by side, "modes" one row a method x mode, with costs.
# "changes" counts the images gained and lost over sign. "iterations" has runs of fewer
# and of more iterations, "matrix" gains alone, sources as rows and victims as columns.
LAYOUTS = {
    "paper": paper_tables,
    "modes": mode_tables,
    "changes": changes_tables,
    "iterations": iteration_tables,
    "matrix": matrix_tables,
}
# Columns as transfer.csv writes them, so that the same figure is the same text.
_DECIMALS = {
    **dict.fromkeys(("success_rate", "success_low", "success_high"), ".2f"),
    **dict.fromkeys(("gain_over_sign", "gain_low", "gain_high"), ".2f"),
    **dict.fromkeys(("sign_success", "sign_epsilon", "difference", "low", "high"), ".2f"),
    **dict.fromkeys(("clean_success", "random_success", "random_low", "random_high"), ".2f"),
    **{"published": ".2f", "mean_l2": ".3f", "mean_ssim": ".5f", "max_epsilon": "g", "max_l2": "g"},
    **dict.fromkeys(("mcnemar_p", "exact_p", "holm_p"), ".6g"),
}
# What came later, in the order of its coming.
_LAST = (
    *("max_l2", "rate", "clean_success", "random_success", "random_low", "random_high"),
    *("within_random", "exact_p", "holm_p", "comparisons", "equal_within_2", "mean_ssim"),
)


def lay_out(
    layout: str,
    family: Family,
    epsilon: float | None = None,
    published: bool = False,
    adjust: str = "none",
    modes: Sequence[str] = (),
) -> tuple[pd.DataFrame, list[Table]]:
    """Returns a family's results, of all bounds or one epsilon, as rows and as tables.

    The rows begin with those of the clean images, of no method and at 0. With `published` they hold
    the published figures, too, and a table more compares them. Of "iterations" and "matrix" there
    are rows of their own, and none of clean images.

    Args:
      adjust: of ADJUSTMENTS: "holm" has the tables show Holm's p; rows have it in any case, over
        the comparisons of one bound and, of "iterations", method.
      modes: of "matrix", as for `matrix_rows`.
    """
    sizes = family.sizes_of(epsilon)
    if layout == "iterations":
        rows = iteration_rows(family, sizes)
    elif layout == "matrix":
        rows = matrix_rows(family, sizes, modes)
    else:
        rows = summary_rows(family)
        rows = rows[rows["size"].isin(sizes)]
    if rows.empty:
        return rows, []
    if adjust == "holm":
        rows = ask_for_holm(rows)
    if published:
        rows = add_published(rows)
    tables = LAYOUTS[layout](family, rows)
    more = [published_table(family, rows)] if published else []
    together = ["method", "size"] if layout == "iterations" else ["size"]
    told = [adjusted(group) for _, group in rows.groupby(together, sort=False)]
    rows = pd.concat(told).loc[rows.index]
    of_its_own = layout in ("iterations", "matrix")
    return _joined([rows] if of_its_own else [clean_rows(family), rows]), [*tables, *more]


def to_csv(rows: Sequence[pd.DataFrame]) -> str:
    """Returns rows as CSV, one line an attack x victim; newer columns come after max_l2."""
    table = _joined([part for part in rows if len(part)])
    if "sign_size" in table:
        # Of an L2 bound it is no epsilon.
        table["sign_size"] = table["sign_size"].where(table["max_epsilon"].notna())
    table = table.drop(columns="size").rename(columns={"sign_size": "sign_epsilon"})
    for name in (name for name in _LAST if name in table):
        table[name] = table.pop(name)
    for name in _DECIMALS.keys() & set(table):
        table[name] = ["" if pd.isna(v) else format(v, _DECIMALS[name]) for v in table[name]]
    for name in ("significant", "within_random", "comparisons", "equal_within_2"):
        if name in table:
            table[name] = table[name].astype("Int64")
    return table.to_csv(index=False, lineterminator="\n")


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Puts tables of the same columns below each other, empty columns and all."""
    names = list(dict.fromkeys(name for part in parts for name in part))
    records = [record for part in parts for record in part.to_dict("records")]
    return pd.DataFrame(records, columns=names)
