"""Curves over iterations: which runs make one, and what is said of it."""

import math

import pandas as pd
import pytest

from scripts import figures, report, table
from tests.made_up_results import write_run
from utils.analysis.families import load_families
from utils.analysis.figures.iterations import success_over_iterations
from utils.analysis.figures.selection import Choices, Selection
from utils.analysis.iterations import Course, changes_places, courses, iteration_rows, rankings
from utils.analysis.iterations_table import in_sentences, iteration_tables
from utils.analysis.summary_rows import MEAN, summary_rows

STEP = 1.6


def write_course(folder, ends=(2, 5, 10), method="if", **options):
    """Runs that end after these iterations, at one step size; a folder each."""
    for end in ends:
        numbers = dict(num_iter=end, step_size=STEP) | options
        write_run(folder / f"iter{end}", method=method, **numbers)
    return folder


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    write_course(folder, victims=("net_a", "net_b", "net_c"))
    return write_course(folder, method="m")


def test_runs_of_one_step_size_stand_in_one_table_and_each_in_its_own(course):
    families = load_families([course])
    assert [family.differs for family in families] == ["num_iter 10", "num_iter 2", "num_iter 5"]
    assert [len(courses(family)) for family in families] == [2, 0, 0]
    rows = iteration_rows(families[0])
    assert list(rows.loc[rows["mode"] == "affine", "iterations"]) == 2 * [2, 5, 10]
    by_end = {int(f.differs.split()[-1]): summary_rows(f) for f in families}
    for row in rows.to_dict("records"):
        own = by_end[row["iterations"]].set_index(["method", "mode", "victim"])
        own = own.loc[(row["method"], row["mode"], MEAN)]
        for name in ("success_rate", "success_low", "gain_over_sign", "exact_p", "mean_l2"):
            assert row[name] == own[name] or math.isnan(row[name]) and math.isnan(own[name])
    titles = [each.title for each in iteration_tables(families[0], rows)]
    assert titles[0].endswith("I-FGSM: over iterations at step size 1.6") and "MI" in titles[1]


def test_the_longest_run_may_have_the_step_by_default(tmp_path):
    """As --snapshots leaves it: the run itself names no step size, the others do."""
    write_run(tmp_path / "whole", num_iter=10)
    write_course(tmp_path, (2, 5))
    (found,) = (c for family in load_families([tmp_path]) for c in courses(family))
    assert list(found.families) == [2, 5, 10] and found.step == STEP


@pytest.mark.parametrize(
    "other", [{"step_size": 1.0}, {"momentum": 0.5}, {"weights": {"net_b": "1" * 64}}, {"seed": 1}]
)
def test_other_runs_do_not_join(tmp_path, other):
    write_course(tmp_path, (5,))
    write_course(tmp_path, (10,), **other)
    assert not any(map(courses, load_families([tmp_path])))


def made_up(rates, gains=None):
    """Rows of one course: mode -> rates over iterations 1, 2, ..., and the gains of affine."""
    rows = [
        {"mode": mode, "iterations": number, "success_rate": rate, "gain_over_sign": math.nan}
        for mode, of_mode in rates.items()
        for number, rate in enumerate(of_mode, start=1)
    ]
    table = pd.DataFrame(rows).assign(gain_low=-1.0, gain_high=1.0)
    if gains:
        table.loc[table["mode"] == "affine", "gain_over_sign"] = gains
    return table


def test_the_largest_lead_and_a_change_of_places_are_told(course):
    family = load_families([course])[0]
    rows = made_up({"sign": [10.0, 20.0, 40.0], "affine": [12.0, 30.0, 30.0]}, [2.0, 10.0, -10.0])
    assert in_sentences(family, rows) == [
        "affine's gain over sign is largest after 2 iterations: +10.0 [-1.0, +1.0] points; after 3 "
        "iterations it is -10.0 [-1.0, +1.0].",
        "The ranking by printed rates changes with the iterations: affine > sign (1 to 2); "
        "sign > affine (3).",
    ]


def test_a_tie_is_no_change_of_places():
    ranked = rankings(made_up({"sign": [10.0, 20.04], "affine": [12.0, 20.0]}))
    assert ranked == {1: [("affine", 12.0), ("sign", 10.0)], 2: [("sign", 20.0), ("affine", 20.0)]}
    assert not changes_places(ranked)


def test_table_and_csv(course, capsys):
    assert table.main([str(course), "--layout", "iterations"]) == 0
    text = capsys.readouterr().out
    assert text.count("over iterations at step size 1.6") == 2 and "3 comparisons" in text
    assert "largest after" in text and "ranking" in text
    assert table.main([str(course), "--layout", "iterations", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 2 * 2 * 3 and "iterations,step_size,success_rate" in lines[0]


def test_without_such_runs_a_sentence_says_what_makes_them(tmp_path, capsys):
    write_run(tmp_path)
    assert table.main([str(tmp_path), "--layout", "iterations"]) == 1
    assert "attack.py --snapshots" in capsys.readouterr().err


def test_nothing_that_was_spent_is_beyond_the_figures_edge(course, monkeypatch):
    rows = Course.rows

    def dearer(self):
        """The second method spends far more than the first, with which it shares an axis."""
        found = rows(self)
        return found.assign(mean_l2=found["mean_l2"] * (5 if self.method == "m" else 1))

    monkeypatch.setattr(Course, "rows", dearer)
    selection = Selection(load_families([course])[0], Choices(()))
    ((_, figure),) = success_over_iterations(selection)
    panels = [panel for panel in figure.axes if panel.get_xlabel() == "iterations"]
    assert len(panels) == 2
    for panel in panels:
        assert panel.get_ylim()[0] == 0
        assert all(max(line.get_ydata()) <= panel.get_ylim()[1] for line in panel.lines)


def test_the_figure_and_the_page_have_it_once(course, tmp_path, capsys):
    assert figures.main([str(course), "--figures", "iterations", "-o", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert {line.rsplit("/", 2)[1] for line in told.out.split()} == {"family1"}
    assert told.err.count("the family of the most iterations has it") == 2
    page = tmp_path / "page.html"
    assert report.main([str(course), "--figures", "iterations", "-o", str(page)]) == 0
    text = page.read_text("utf-8")
    assert text.count(">Over iterations</h3>") == text.count('href="#iterations') == 1
    assert text.count("<figure id=") == 1 and "largest after" in text
