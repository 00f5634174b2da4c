"""Published figures beside the measured ones.

published.csv holds the misclassification rates in percent that two public reports give for sign
attacks from Inception v3 at epsilon 16 with 10 steps on the 1000 development images: one on
converted weights, one on the original ones.
"""

from pathlib import Path

import pandas as pd

from utils.analysis.document import Table, TableCell
from utils.analysis.families import Family
from utils.analysis.paper_table import column_heads
from utils.analysis.published_gains import gains_beside
from utils.success import REFERENCE

_FILE = Path(__file__).with_name("published.csv")
_SOURCE, _EPSILON, _NUM_ITER, _IMAGES = "inception_v3", 16.0, 10, 1000


def add_published(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds the columns published and difference (measured - published, in points).

    They are empty where the mode isn't sign, the attack is targeted, or source or epsilon are
    others than the published.
    """
    table = pd.read_csv(_FILE)
    table["published"] = table[["converted", "original"]].mean(axis=1)
    keys = ["method", "victim"]
    merged = rows.merge(table[[*keys, "published"]], on=keys, how="left")
    same = (
        (merged["mode"] == REFERENCE)
        & (merged["targeted"] == 0)
        & (merged["source"] == _SOURCE)
        & (merged["max_epsilon"] == _EPSILON)
    )
    published = merged["published"].where(same)
    return merged.assign(published=published, difference=merged["success_rate"] - published)


def published_table(family: Family, rows: pd.DataFrame) -> Table:
    """Returns measured (published, difference) of sign in the rows of `add_published`."""
    found = rows[rows["published"].notna()]
    victims = [name for name in family.victims if name in set(found["victim"])]
    lines = [_clean_row(family, victims)] if victims else []
    for method, title in family.method_titles.items():
        of_method = found[found["method"] == method].set_index("victim")
        if len(of_method):
            cells = [
                _compared(*of_method.loc[victim, ["success_rate", "published"]])
                if victim in of_method.index
                else ""
                for victim in victims
            ]
            lines.append((title, *cells))
    return Table(
        f"{family.title}: sign beside the published figures",
        ("method", *column_heads(family, victims)),
        tuple(lines),
        (*_notes(family, bool(victims)), *gains_beside(family, rows)),
    )


def _compared(measured: float, published: float | None) -> str:
    beside = "" if published is None else f" ({published:.1f}, {measured - published:+.1f})"
    return f"{measured:.1f}{beside}"


def _clean_row(family: Family, victims: list[str]) -> tuple[TableCell, ...]:
    clean = family.transfer.drop_duplicates("victim").set_index("victim")
    networks = {name: net for run in family.runs for name, net in run.record.victims.items()}
    cells = []
    for victim in victims:
        measured = 100 * clean.loc[victim, "clean_errors"] / clean.loc[victim, "images"]
        accuracy = networks[victim].published_accuracy
        cells.append(_compared(measured, None if accuracy is None else 100 - accuracy))
    return ("clean error", *cells)


def _notes(family: Family, any_found: bool) -> list[str]:
    if not any_found:
        sizes = ", ".join(f"{size:g}" for size in family.sizes)
        return [
            f"Nothing to stand beside: the published figures are of sign attacks from {_SOURCE} at "
            f"epsilon {_EPSILON:g}, untargeted; these runs have source {family.source}, "
            f"{family.quantity} {sizes}."
        ]
    notes = ["Measured (published mean of two reports, difference), in percent and points."]
    measured = {
        "num_iter": (family.runs[0].record.flags.num_iter, _NUM_ITER),
        "images": (len(family.image_ids), _IMAGES),
    }
    for name, (ours, theirs) in measured.items():
        if ours != theirs:
            notes.append(f"Not alike: {name} is {ours} here, {theirs} there.")
    return notes
