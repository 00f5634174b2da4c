"""Gains by source and victim: runs that differ in the network attacked, seen side by side."""

from collections.abc import Callable, Collection, Sequence

import pandas as pd

from utils.analysis.amounts import Amount
from utils.analysis.equal_amounts import COLUMNS as EQUAL_COLUMNS
from utils.analysis.equal_amounts import equal_rows_of
from utils.analysis.families import Family
from utils.analysis.summary_rows import COLUMNS, MEAN, summary_rows
from utils.errors import ResultsError
from utils.success import CONTROL, REFERENCE

_USUAL = "affine"


def sources_of(family: Family) -> list[Family]:
    """Returns a family and its peers, single sources before ensembles."""
    return sorted([family, *family.peers], key=lambda f: (f.source.count("+"), f.source))


def title_of_sources(family: Family) -> str:
    """Returns what a heading says of a family with its peers."""
    count = len(sources_of(family))
    return family.title_of(f"{count} sources") if count > 1 else family.title


def method_titles(family: Family) -> dict[str, str]:
    """Returns method -> its usual name, of a family with its peers."""
    return {name: t for each in sources_of(family) for name, t in each.method_titles.items()}


def leads(family: Family) -> bool:
    """Whether the matrix of a family and its peers is shown with this one of them."""
    return sources_of(family)[0] is family


def matrix_rows(
    family: Family, sizes: Collection[float] | None = None, modes: Sequence[str] = ()
) -> pd.DataFrame:
    """Returns the summary rows that have a gain, of all sources; none of a family that leads not.

    Args:
      family: with its peers.
      sizes: of the bound, only these; None: all.
      modes: whose gain; none: affine's or, where that wasn't run, the first mode's beside sign.

    Raises:
      ResultsError: a mode that none of the runs has.
    """
    return _of_all(family, modes, lambda source: _with_gain(summary_rows(source), sizes), COLUMNS)


def equal_matrix_rows(
    family: Family,
    amount: Amount,
    sizes: Collection[float] | None = None,
    modes: Sequence[str] = (),
) -> pd.DataFrame:
    """Returns the rows of `equal_rows`, of all sources that sign was swept with.

    Args:
      family, sizes, modes: as for `matrix_rows`.
      amount: what sign and the other mode are to spend the same of.

    Raises:
      ResultsError: a mode that none of the runs has, or sign wasn't swept with any source.
    """
    reasons: list[ResultsError] = []

    def rows_of(source: Family) -> pd.DataFrame:
        rows, of_source = equal_rows_of([source], amount, sizes)
        reasons.extend(of_source)
        return rows

    rows = _of_all(family, modes, rows_of, EQUAL_COLUMNS)
    if reasons and rows.empty:
        raise reasons[0]
    return rows


def victims_of(rows: pd.DataFrame) -> list[str]:
    """Returns a matrix's victims: the sources in their order, then all others, then the mean.

    A network with a defence (NAME+jpeg75) comes after the bare one.
    """
    victims = [name for name in dict.fromkeys(rows["victim"]) if name != MEAN]
    networks = list(dict.fromkeys([*rows["source"], *map(_network, victims)]))
    victims.sort(key=lambda name: (networks.index(_network(name)), _network(name) != name))
    return [*victims, *([MEAN] if MEAN in set(rows["victim"]) else [])]


def _network(victim: str) -> str:
    return victim.partition("+")[0]


def _of_all(
    family: Family,
    modes: Sequence[str],
    rows_of: Callable[[Family], pd.DataFrame],
    columns: Sequence[str],
) -> pd.DataFrame:
    records = []
    if leads(family):
        chosen = _modes(family, modes)
        for source in sources_of(family):
            rows = rows_of(source)
            records += rows[rows["mode"].isin(chosen)].to_dict("records")
    return pd.DataFrame(records, columns=list(columns))


def _with_gain(rows: pd.DataFrame, sizes: Collection[float] | None) -> pd.DataFrame:
    rows = rows[rows["gain_over_sign"].notna()]
    return rows if sizes is None else rows[rows["size"].isin(list(sizes))]


def _modes(family: Family, wanted: Sequence[str]) -> Sequence[str]:
    modes = list(dict.fromkeys(m for source in sources_of(family) for m in source.modes))
    for mode in wanted:
        if mode not in modes:
            raise ResultsError(
                f"--modes holds {mode!r}, which wasn't run: give some of {', '.join(modes)}."
            )
    compared = [mode for mode in modes if mode not in (REFERENCE, CONTROL)]
    return wanted or ([_USUAL] if _USUAL in compared else compared[:1])
