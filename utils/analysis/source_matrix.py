"""Gains by source and victim: runs that differ in the network attacked, seen side by side."""

from collections.abc import Container, Sequence

import pandas as pd

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
    family: Family, sizes: Container[float] | None = None, modes: Sequence[str] = ()
) -> pd.DataFrame:
    """Returns the summary rows that have a gain, of all sources; none of a family that leads not.

    Args:
      family: with its peers.
      sizes: of the bound, only these; None: all.
      modes: whose gain; none: affine's or, where that wasn't run, the first mode's beside sign.

    Raises:
      ResultsError: a mode that none of the runs has.
    """
    if not leads(family):
        return pd.DataFrame(columns=list(COLUMNS))
    chosen = _modes(family, modes)
    records = []
    for source in sources_of(family):
        rows = summary_rows(source)
        kept = rows["mode"].isin(chosen) & rows["gain_over_sign"].notna()
        if sizes is not None:
            kept &= rows["size"].isin(list(filter(sizes.__contains__, source.sizes)))
        records += rows[kept].to_dict("records")
    return pd.DataFrame(records, columns=list(COLUMNS))


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


def _modes(family: Family, wanted: Sequence[str]) -> Sequence[str]:
    modes = list(dict.fromkeys(m for source in sources_of(family) for m in source.modes))
    for mode in wanted:
        if mode not in modes:
            raise ResultsError(
                f"--modes holds {mode!r}, which wasn't run: give some of {', '.join(modes)}."
            )
    compared = [mode for mode in modes if mode not in (REFERENCE, CONTROL)]
    return wanted or ([_USUAL] if _USUAL in compared else compared[:1])
