"""docs/claims.yaml: what the pages say of results, each with the command that yields it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from utils.analysis.amounts import L2, SSIM
from utils.analysis.equal_amounts import equal_rows_of
from utils.analysis.families import load_families
from utils.analysis.iterations import iteration_rows
from utils.analysis.summary_rows import summary_rows
from utils.errors import BenchError, DataError, ResultsError, first_line

# Stands in commands for the folder that results are below.
RESULTS = "{results}"


class _Typed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Figure(_Typed):
    """One number behind a sentence.

    Attributes:
      where: column -> value of the one row that holds it, of table.py's CSV or of `table`.
      column: which of its numbers.
      value: what it was.
      within: between what it shall lie for the sentence to hold.
      equal_l2, equal_ssim: whether the row is of table.py with the flag of this name.
      table: a CSV in the folder of the claim's results, where these are no runs.
      over_iterations: whether it is of `table.py --layout iterations`.
    """

    where: dict[str, str | float]
    column: str = "gain_over_sign"
    value: float
    within: tuple[float, float]
    equal_l2: bool = False
    equal_ssim: bool = False
    table: str = ""
    over_iterations: bool = False


class Claim(_Typed):
    """One sentence about results.

    Attributes:
      page: where it stands, from the root.
      sentence: its words; line breaks count as spaces.
      results: the folder of the runs, below that of all results; empty where no command yields it.
      command: makes them.
      minutes: what that takes on two CPU cores, as a sweep's estimate has it.
      figures: what it rests on.
    """

    page: str
    sentence: str
    results: str = ""
    command: str = ""
    minutes: float = Field(default=0, ge=0)
    figures: list[Figure] = []


class Verdict(_Typed):
    """What became of a claim.

    Attributes:
      state: whether it holds.
      found: what was read, or why nothing was.
    """

    state: Literal["held", "not held", "not run"]
    found: str


def read_claims(path: Path) -> list[Claim]:
    """Reads a file of claims.

    Raises:
      DataError: it can't be read or isn't one.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        return [Claim.model_validate(each) for each in content["claims"]]
    except ValidationError as error:
        first = error.errors()[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
    raise DataError(f"{path} is no file of claims: {problem}.")


def stands_in(claim: Claim, root: Path) -> bool:
    """Whether the sentence is in its page, word by word."""
    page = root / claim.page
    return page.is_file() and _words(claim.sentence) in _words(page.read_text("utf-8"))


def judge_claim(claim: Claim, results: Path) -> Verdict:
    """Holds a claim against the finished runs in its folder below `results`."""
    if not claim.results:
        return Verdict(state="not run", found="no command yields it")
    folder = results / claim.results
    try:
        of_runs = not all(figure.table for figure in claim.figures)
        families = load_families([folder]) if of_runs else []
        found = [_read(_rows(families, folder, figure), figure) for figure in claim.figures]
    except BenchError as error:
        return Verdict(state="not run", found=str(error))
    pairs = list(zip(claim.figures, found, strict=True))
    held = all(figure.within[0] <= number <= figure.within[1] for figure, number in pairs)
    return Verdict(
        state="held" if held else "not held",
        found="; ".join(_compared(figure, number) for figure, number in pairs),
    )


def _rows(families: Sequence, folder: Path, figure: Figure) -> pd.DataFrame:
    if figure.table:
        try:
            return pd.read_csv(folder / figure.table)
        except (OSError, ValueError) as error:
            raise ResultsError(f"{folder / figure.table}: {first_line(error)}.") from error
    if figure.equal_l2 or figure.equal_ssim:
        # Sources, and methods, of which sign was run once have no rows to give.
        rows, reasons = equal_rows_of(families, L2 if figure.equal_l2 else SSIM)
        if reasons and rows.empty:
            raise reasons[0]
        return rows
    kind = iteration_rows if figure.over_iterations else summary_rows
    parts = [kind(family) for family in families]
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def _read(rows: pd.DataFrame, figure: Figure) -> float:
    for column, value in figure.where.items():
        if column not in rows:
            raise ResultsError(f"Tables have no column {column}.")
        rows = rows[rows[column] == value]
    if len(rows) != 1 or figure.column not in rows:
        raise ResultsError(
            f"{len(rows)} rows have {_named(figure.where)}, where one with {figure.column} is due."
        )
    return float(rows[figure.column].iloc[0])


def _compared(figure: Figure, number: float) -> str:
    low, high = figure.within
    outside = "" if low <= number <= high else "NOT "
    return (
        f"{_named(figure.where)}: {figure.column} {number:.1f}, {outside}within "
        f"[{low:g}, {high:g}] (was {figure.value:g})"
    )


def _named(where: dict[str, str | float]) -> str:
    values = where.values()
    return ", ".join(value if isinstance(value, str) else f"{value:g}" for value in values)


def _words(text: str) -> str:
    # A quotation's marks at the beginning of its lines are none of its words.
    return " ".join(re.sub(r"^[>*\-] ", "", text, flags=re.MULTILINE).split())
