"""Published figures beside the measured ones.

published.csv holds the misclassification rates in percent that two public reports give for sign
attacks from Inception v3 at epsilon 16 with 10 steps on the 1000 development images: one on
converted weights, one on the original ones.
"""

from pathlib import Path

import pandas as pd

from utils.analysis.document import Cell, Table
from utils.analysis.families import Family
from utils.analysis.paper_table import column_heads
from utils.analysis.summary_rows import MEAN
from utils.analysis.titles import method_title

_FILE = Path(__file__).with_name("published.csv")
_PUBLISHED_WITH = {"source": "inception_v3", "max_epsilon": 16.0, "num_iter": 10, "images": 1000}


def published_rates() -> pd.DataFrame:
    """Returns method, victim, converted, original and published, the mean of the two."""
    table = pd.read_csv(_FILE)
    return table.assign(published=table[["converted", "original"]].mean(axis=1))


def add_published(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds the columns published and difference (measured - published, in points).

    They are empty where the mode isn't sign, the attack is targeted, or source or epsilon are
    others than the published.
    """
    merged = rows.merge(
        published_rates()[["method", "victim", "published"]], on=["method", "victim"], how="left"
    )
    same = (
        (merged["mode"] == "sign")
        & (merged["targeted"] == 0)
        & (merged["source"] == _PUBLISHED_WITH["source"])
        & (merged["max_epsilon"] == _PUBLISHED_WITH["max_epsilon"])
    )
    merged.loc[~same, "published"] = float("nan")
    return merged.assign(difference=merged["success_rate"] - merged["published"])


def published_table(family: Family, rows: pd.DataFrame) -> Table:
    """Returns measured (published, difference) of sign, per method and victim.

    Args:
      family: the runs.
      rows: its summary rows, with the columns of `add_published`.
    """
    found = rows[rows["published"].notna()]
    victims = [v for v in rows["victim"].unique() if v != MEAN and v in set(found["victim"])]
    lines = [_clean_row(family, victims)] if victims else []
    for method in family.methods:
        of_method = found[found["method"] == method].set_index("victim")
        if len(of_method):
            cells = [_beside(of_method, victim) for victim in victims]
            lines.append((Cell.of(method_title(method)), *cells))
    white_box = [name for name, setting in family.victims.items() if setting == "white-box"]
    return Table(
        f"{family.title}: sign beside the published figures",
        (Cell.of("method"), *column_heads(victims, white_box)),
        tuple(lines),
        tuple(_notes(family, bool(victims))),
    )


def _beside(rows: pd.DataFrame, victim: str) -> Cell:
    if victim not in rows.index:
        return Cell.of("")
    row = rows.loc[victim]
    published = f"{row['published']:.1f}, {row['difference']:+.1f}"
    return Cell.of(f"{row['success_rate']:.1f} ({published})")


def _clean_row(family: Family, victims: list[str]) -> tuple[Cell, ...]:
    # Imported late: it brings TensorFlow, which reading results does not need.
    from models import NETWORKS

    clean = family.transfer.drop_duplicates("victim").set_index("victim")
    cells = [Cell.of("clean error")]
    for victim in victims:
        measured = 100 * clean.loc[victim, "clean_errors"] / clean.loc[victim, "images"]
        accuracy = NETWORKS[victim].clean_accuracy
        beside = f" ({100 - accuracy:.1f}, {measured - 100 + accuracy:+.1f})" if accuracy else ""
        cells.append(Cell.of(f"{measured:.1f}{beside}"))
    return tuple(cells)


def _notes(family: Family, any_found: bool) -> list[str]:
    if not any_found:
        return [
            "Nothing to stand beside: the published figures are of sign attacks from "
            f"{_PUBLISHED_WITH['source']} at epsilon {_PUBLISHED_WITH['max_epsilon']:g}, "
            f"untargeted; these runs have source {family.source}, epsilon "
            f"{', '.join(f'{epsilon:g}' for epsilon in family.epsilons)}."
        ]
    notes = ["Measured (published mean of two reports, difference), in percent and points."]
    flags = family.runs[0].flags
    for name, here in (("num_iter", flags["num_iter"]), ("images", len(family.image_ids))):
        if here != _PUBLISHED_WITH[name]:
            notes.append(f"Not alike: {name} is {here} here, {_PUBLISHED_WITH[name]} there.")
    return notes
