"""One row a method x mode: what it reached, what it spent, and how it followed the gradient."""

import pandas as pd

from utils.analysis.document import Cell, Span, Table
from utils.analysis.families import Family
from utils.analysis.paper_table import column_heads
from utils.analysis.summary_rows import MEAN
from utils.analysis.titles import method_title


def mode_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table an epsilon.

    Args:
      family: the runs.
      rows: its summary rows.
    """
    return [
        _table(family, rows[rows["max_epsilon"] == epsilon], epsilon)
        for epsilon in sorted(rows["max_epsilon"].unique())
    ]


def _table(family: Family, rows: pd.DataFrame, epsilon: float) -> Table:
    white_box = [name for name, setting in family.victims.items() if setting == "white-box"]
    lines = []
    for method in family.methods:
        of_method = rows[rows["method"] == method]
        for mode, group in of_method.groupby("mode", sort=False):
            by_victim = group.set_index("victim")
            rates = [f"{by_victim.loc[name, 'success_rate']:.1f}" for name in family.victims]
            mean = [_mean(by_victim.loc[MEAN]), _gain(by_victim.loc[MEAN])]
            costs = _costs(family, method, epsilon, mode)
            first = method_title(method) if not lines or lines[-1][0] != method else ""
            lines.append((method, [first, mode, *rates, *mean, *costs]))
    return Table(
        f"{family.title}, {family.bound(epsilon)}",
        (
            *(Cell.of("method"), Cell.of("mode")),
            *column_heads(list(family.victims), white_box),
            *map(Cell.of, (MEAN, "gain over sign", "mean abs", "mean L2", "cosine")),
        ),
        tuple(tuple(_cell(text) for text in line) for _, line in lines),
        (
            f"{family.goal.capitalize()}, in percent of all images; the mean over the black-box "
            "victims and its gain with 95 % bootstrap intervals over images, the gain in bold "
            "where its interval excludes 0.",
            "Mean abs and mean L2 are what the perturbations spent, in [0, 255] units; cosine is "
            "that between the step taken and the source's gradient, mean over the steps.",
        ),
    )


def _cell(text: str | Span) -> Cell:
    return Cell((text,)) if isinstance(text, Span) else Cell.of(text)


def _mean(row: pd.Series) -> str:
    return f"{row['success_rate']:.1f} [{row['success_low']:.1f}, {row['success_high']:.1f}]"


def _gain(row: pd.Series) -> Span:
    if pd.isna(row["gain_over_sign"]):
        return Span("")
    text = f"{row['gain_over_sign']:+.1f} [{row['gain_low']:+.1f}, {row['gain_high']:+.1f}]"
    return Span(text, bold=row["significant"] == 1)


def _costs(family: Family, method: str, epsilon: float, mode: str) -> list[str]:
    table = family.transfer
    here = table[
        (table["method"] == method) & (table["max_epsilon"] == epsilon) & (table["mode"] == mode)
    ]
    cosines = [
        run.steps.loc[run.steps["mode"] == mode, "mean_cosine"].mean()
        for run in family.runs
        if (run.method, run.epsilon) == (method, epsilon) and mode in run.record["modes"]
    ]
    return [
        f"{here['mean_abs'].mean():.2f}",
        f"{here['mean_l2'].mean():.0f}",
        f"{sum(cosines) / len(cosines):.3f}",
    ]
