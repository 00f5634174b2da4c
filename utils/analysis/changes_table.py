"""Images gained and lost over sign, victim by victim: at the same bound, and at no less L2."""

import numpy as np
import pandas as pd

from utils.analysis.document import Table, TableCell
from utils.analysis.families import Attack, Family
from utils.analysis.paper_table import column_heads
from utils.success import REFERENCE


def changes_tables(family: Family, rows: pd.DataFrame) -> list[Table]:
    """Returns one table a bound of the summary rows that has another mode than sign."""
    tables = []
    for size in sorted(rows["size"].unique()):
        of_size = rows[(rows["size"] == size) & (rows["mode"] != REFERENCE)]
        lines = [
            line for method in family.method_titles for line in _lines(family, of_size, method)
        ]
        if lines:
            tables.append(_table(family, size, lines))
    return tables


def changed(family: Family, attack: Attack, other: Attack, victim: str) -> tuple[int, int] | None:
    """Returns how many images an attack reaches that another doesn't, and the other way round.

    With several seeds an image counts as often as it does in more of them; None where the two were
    not run with the same seeds or not judged on the victim.
    """
    if not family.pairs(attack, other, [victim]):
        return None
    counted = family.counted([victim])[:, 0]
    ours, theirs = (*attack, victim), (*other, victim)
    difference = (family.success[ours] - family.success[theirs])[counted]
    whole = np.rint(difference * len(family.seeds(attack, [victim])))
    return int(whole.clip(lower=0).sum()), int(-whole.clip(upper=0).sum())


def at_no_less_l2(family: Family, attack: Attack) -> Attack | None:
    """Returns the shortest sign attack of the sweep that spends at least the L2 of an attack."""
    spent = {
        other: float(family.l2[other].mean())
        for other in family.attacks(attack.method)
        if other.mode == REFERENCE
    }
    enough = [other for other in spent if spent[other] >= family.l2[attack].mean()]
    return min(enough, key=lambda other: spent[other], default=None)


def _lines(family: Family, rows: pd.DataFrame, method: str) -> list[tuple[TableCell, ...]]:
    lines: list[tuple[TableCell, ...]] = []
    of_method = rows[rows["method"] == method]
    for mode, size in of_method[["mode", "size"]].drop_duplicates().itertuples(index=False):
        attack = Attack(method, size, mode)
        longer = at_no_less_l2(family, attack)
        told = [
            (head, changed(family, attack, attack.reference, victim), victim)
            for victim, head in zip(
                family.victims, column_heads(family, family.victims), strict=True
            )
        ]
        if not any(same for _, same, _ in told):
            continue
        heading = f"{family.method_titles[method]}, {mode}"
        if longer is not None and len(family.sizes) > 1:
            heading += (
                f" (mean L2 {family.l2[attack].mean():.0f}; sign at {family.bound(longer.size)}: "
                f"{family.l2[longer].mean():.0f})"
            )
        lines.append((heading,))
        for head, same, victim in told:
            at_l2 = None
            if longer is not None and len(family.sizes) > 1:
                at_l2 = changed(family, attack, longer, victim)
            lines.append((head, *_pair(same), *_pair(at_l2)))
    return lines


def _pair(counts: tuple[int, int] | None) -> tuple[str, str]:
    return ("", "") if counts is None else (f"{counts[0]}", f"{counts[1]}")


def _table(family: Family, size: float, lines: list[tuple[TableCell, ...]]) -> Table:
    bound = family.quantity
    return Table(
        f"{family.title}, {family.bound(size)}: images gained and lost",
        (
            "victim",
            f"gained, same {bound}",
            f"lost, same {bound}",
            "gained, same L2",
            "lost, same L2",
        ),
        tuple(lines),
        (
            f"Gained: {family.goal} with this mode and not with sign; lost: with sign and not with "
            f"this mode; of {len(family.image_ids)} images.",
            "Same L2: against sign at the smallest bound of the sweep whose mean L2 isn't below "
            "this mode's, so that sign spends at least as much; empty where there is no such run.",
            *family.notes(),
        ),
    )
