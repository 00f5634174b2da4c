"""Success and length over iterations: runs that differ in where they end, at one step size."""

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from utils.analysis.families import Family
from utils.analysis.summary_rows import MEAN, attack_figures

COLUMNS = (
    *("zoo", "source", "targeted", "method", "max_epsilon", "mode", "victim", "setting", "images"),
    *("seeds", "iterations", "step_size", "success_rate", "success_low", "success_high"),
    *("gain_over_sign", "gain_low", "gain_high", "significant", "mean_l2", "max_l2", "size"),
    *("rate", "clean_success", "exact_p", "equal_within_2", "mean_ssim"),
)
MISSING = (
    "it needs runs that end after different iterations at one step size (attack.py --snapshots)"
)


@dataclass(frozen=True)
class Course:
    """A method at one bound and step size, seen after several numbers of iterations.

    Attributes:
      method: its canonical name.
      size: the bound's, in [0, 255] units.
      step: the step size, in [0, 255] units.
      families: iterations -> the family whose runs of the method end there; rising, two or more.
    """

    method: str
    size: float
    step: float
    families: dict[int, Family]

    @property
    def victims(self) -> list[str]:
        """The black-box victims that all of its runs were judged on."""
        first, *others = self.families.values()
        return [name for name in first.black_box if all(name in o.black_box for o in others)]

    def rows(self) -> pd.DataFrame:
        """Returns the black-box mean of each mode after each iteration, as in `iteration_rows`."""
        rows = []
        for iterations, family in self.families.items():
            for attack in family.attacks(self.method):
                if attack.size == self.size and family.has_rate(attack, self.victims):
                    rows.append(
                        family.describe(attack)
                        | {"victim": MEAN, "setting": "black-box"}
                        | {"iterations": iterations, "step_size": self.step}
                        | attack_figures(family, attack, self.victims)
                    )
        return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def courses(family: Family, sizes: Container[float] | None = None) -> list[Course]:
    """Returns the courses that end in a family; those that go on beyond it are another's.

    Args:
      family: with its siblings.
      sizes: of the bound, only these; None: all.
    """
    found = _all_courses(family, sizes)
    return [course for course in found if course.families[max(course.families)] is family]


def goes_on(family: Family) -> bool:
    """Whether other families have more iterations of the same courses."""
    return len(_all_courses(family)) > len(courses(family))


def iteration_rows(family: Family, sizes: Container[float] | None = None) -> pd.DataFrame:
    """Returns one row a mode and number of iterations, of the mean over the black-box victims.

    Columns are those of `summary_rows`, and the iterations with the step size, in [0, 255] units.
    """
    parts = [course.rows() for course in courses(family, sizes)]
    records = [record for part in parts for record in part.to_dict("records")]
    return pd.DataFrame(records, columns=list(COLUMNS))


def largest_lead(rows: pd.DataFrame, mode: str) -> pd.Series | None:
    """Returns the row of one course in which a mode gains most over sign; the first of several."""
    of_mode = rows[(rows["mode"] == mode) & rows["gain_over_sign"].notna()]
    if of_mode.empty:
        return None
    best = of_mode["gain_over_sign"].round(1).to_numpy().argmax()
    return of_mode.iloc[int(best)]


def rankings(rows: pd.DataFrame) -> dict[int, list[tuple[str, float]]]:
    """Returns iterations -> (mode, rate in percent as printed), the best first, of one course."""
    found: dict[int, list[tuple[str, float]]] = {}
    for row in rows.sort_values("iterations", kind="stable").to_dict("records"):
        rate = round(row["success_rate"], 1)
        found.setdefault(row["iterations"], []).append((row["mode"], rate))
    return {n: sorted(rates, key=lambda pair: -pair[1]) for n, rates in found.items()}


def changes_places(ranked: dict[int, list[tuple[str, float]]]) -> bool:
    """Whether some mode is ahead of another once and behind it another time."""
    ahead = {
        (first, second)
        for rates in map(dict, ranked.values())
        for first in rates
        for second in rates
        if rates[first] > rates[second]
    }
    return any((second, first) in ahead for first, second in ahead)


def _all_courses(family: Family, sizes: Container[float] | None = None) -> list[Course]:
    found = []
    for method in family.method_titles:
        for size in (each for each in family.sizes if sizes is None or each in sizes):
            end = _end_of(family, method, size)
            if end is None:
                continue
            families = {end.iterations: family}
            for sibling in family.siblings:
                other = _end_of(sibling, method, size)
                if other is not None and other.is_of_the_course_of(end):
                    families.setdefault(other.iterations, sibling)
            if len(families) > 1:
                found.append(Course(method, size, end.step, dict(sorted(families.items()))))
    return [course for course in found if course.victims]


class _End(NamedTuple):
    """Where a family's runs of a method end.

    Attributes:
      iterations: how many they take.
      step: their step size, in [0, 255] units.
      seeds: theirs.
    """

    iterations: int
    step: float
    seeds: frozenset[int]

    def is_of_the_course_of(self, other: "_End") -> bool:
        """Whether they differ in the iterations at most."""
        return self.seeds == other.seeds and math.isclose(self.step, other.step, rel_tol=1e-6)


def _end_of(family: Family, method: str, size: float) -> _End | None:
    runs = [run for run in family.runs if (run.method, run.size) == (method, size)]
    if not runs:
        return None
    iterations = int(runs[0].steps["iteration"].max())
    given = runs[0].record.flags.step_size
    step = size / iterations if given is None else given
    return _End(iterations, step, frozenset(run.seed for run in runs))
