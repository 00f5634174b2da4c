"""How many comparisons, and what may be said of each: Holm's p, and equality within 2 points."""

import io

import numpy as np
import pandas as pd
import pytest

from scripts import table
from tests.made_up_results import write_run, write_sweep
from utils.analysis.comparisons import EQUAL


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    return write_sweep(folder, epsilons=(4, 16), modes=("sign", "affine", "test"))


def printed(capsys, *arguments):
    assert table.main([*map(str, arguments)]) == 0
    return capsys.readouterr().out


def rows_of(capsys, *arguments):
    return pd.read_csv(io.StringIO(printed(capsys, *arguments, "--format", "csv")))


def test_csv_has_holms_p_over_the_comparisons_of_one_bound(sweep, capsys):
    rows = rows_of(capsys, sweep)
    compared = rows[rows["exact_p"].notna()]
    # Two methods, two modes; three victims and their mean.
    assert set(compared["comparisons"]) == {16} and len(compared) == 2 * 16
    single = compared[compared["mcnemar_p"].notna()]
    assert (single["mcnemar_p"] == single["exact_p"]).all()
    for _, of_bound in compared.groupby("max_epsilon"):
        p = np.sort(of_bound["exact_p"])
        expected = np.minimum(1, np.maximum.accumulate(p * np.arange(16, 0, -1)))
        np.testing.assert_allclose(np.sort(of_bound["holm_p"]), expected, rtol=1e-4)
    assert rows.loc[rows["exact_p"].isna(), "holm_p"].isna().all()


def test_text_says_which_p_its_stars_are_of(sweep, capsys):
    plain = printed(capsys, sweep, "--max_epsilon", 16)
    assert "16 comparisons with sign: stars are by the exact p" in plain and "Holm " not in plain
    both = printed(capsys, sweep, "--max_epsilon", 16, "--adjust", "holm")
    assert "16 comparisons with sign: p is the exact one and Holm's" in both
    row = rows_of(capsys, sweep, "--max_epsilon", 16).set_index(["method", "mode", "victim"])
    cell = row.loc["if", "affine", "net_b"]
    assert f"(p {cell['exact_p']:.2g}, Holm {cell['holm_p']:.2g})" in both
    assert both.count("\\*") < plain.count("\\*")


@pytest.mark.parametrize("layout", ["modes", "iterations"])
def test_a_table_counts_what_stands_in_it(tmp_path, capsys, layout):
    for end in (5, 10):
        write_run(tmp_path / f"{end}", num_iter=end, step_size=1.6)
    text = printed(capsys, tmp_path, "--layout", layout, "--adjust", "holm")
    count = "2 comparisons" if layout == "iterations" else "1 comparison "
    assert count in text and "Holm" in text


def test_the_random_control_is_no_comparison_of_the_paper_table(tmp_path, capsys):
    write_run(tmp_path, modes=("sign", "affine", "random"))
    assert "4 comparisons" in printed(capsys, tmp_path)


def test_rates_that_are_equal_are_called_so(tmp_path, capsys):
    """A gain of +0.0 [-0.8, +0.8] said nothing."""
    write_run(tmp_path, modes=("sign", "raw"), images=240, epsilon=0.1)
    for options in ([], ["--layout", "modes"], ["--adjust", "holm"]):
        text = printed(capsys, tmp_path, *options)
        assert f"({EQUAL}" in text and f'"{EQUAL}": the 95 % interval' in text
    rows = rows_of(capsys, tmp_path).set_index(["mode", "victim"])
    assert rows.loc[("raw", "net_b"), "equal_within_2"] == 1
    write_run(tmp_path / "few", modes=("sign", "raw"), images=60, epsilon=0.1)
    assert EQUAL not in printed(capsys, tmp_path / "few")


def test_equal_l2_counts_its_comparisons_and_has_no_p_to_adjust(sweep, capsys):
    assert "comparisons with sign; each interval is by itself" in printed(
        capsys, sweep, "--equal_l2"
    )
    assert table.main([str(sweep), "--equal_l2", "--adjust", "holm"]) == 2
    assert "leave one out" in capsys.readouterr().err
