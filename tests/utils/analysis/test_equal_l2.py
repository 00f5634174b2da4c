import numpy as np
import pytest

from tests.made_up_results import write_run, write_sweep
from utils.analysis.equal_l2 import OUTSIDE, between, equal_l2_rows
from utils.analysis.equal_l2_tables import equal_l2_tables
from utils.analysis.families import load_families
from utils.analysis.formats import to_markdown
from utils.analysis.summary_rows import MEAN
from utils.errors import ResultsError
from utils.statistics import paired_gain


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    write_sweep(folder, methods=("if",), epsilons=(4, 8, 16), images=200)
    return load_families([folder])[0]


def _row(rows, victim, epsilon=16.0):
    return rows[(rows["victim"] == victim) & (rows["max_epsilon"] == epsilon)].iloc[0]


def test_reads_off_between_the_points_and_never_beyond():
    points, values = np.array([1.0, 2.0, 4.0]), np.array([10.0, 20.0, 0.0])
    read = []
    for l2 in (1.0, 1.5, 2.0, 3.0, 4.0):
        ends, weights = between(points, l2)
        read.append(values[ends] @ weights)
    np.testing.assert_allclose(read, [10, 15, 20, 10, 0])
    assert between(points, 4.01) is None and between(points, 0.99) is None


def test_success_of_sign_is_that_at_the_same_mean_l2(family):
    row = _row(equal_l2_rows(family), "net_b")
    lengths = [family.l2["if", e, "sign"].mean() for e in (4.0, 8.0, 16.0)]
    rates = [100 * family.success["if", e, "sign", "net_b"].mean() for e in (4.0, 8.0, 16.0)]
    l2 = family.l2["if", 16.0, "affine"].mean()
    assert lengths[1] < l2 < lengths[2]
    assert row["sign_success"] == pytest.approx(np.interp(l2, lengths, rates))
    # In the made-up runs, L2 is proportional to epsilon: 20 of sign's, 12 of affine's.
    assert row["sign_size"] == pytest.approx(16 * 12 / 20)
    assert row["difference"] == pytest.approx(row["success_rate"] - row["sign_success"])


def test_the_interval_holds_the_made_up_gain(family):
    for victim in ("net_b", MEAN):
        row = _row(equal_l2_rows(family), victim)
        assert row["low"] < 15 < row["high"]
        assert 0 < row["high"] - row["low"] < 20
        assert row["low"] <= row["difference"] <= row["high"]


def test_the_mean_is_over_black_box_victims_only(family):
    rows = equal_l2_rows(family)
    pair = [_row(rows, victim)["difference"] for victim in ("net_b", "net_c")]
    assert _row(rows, MEAN)["difference"] == pytest.approx(np.mean(pair))


def test_no_gain_where_a_mode_equals_sign(tmp_path):
    write_sweep(tmp_path, methods=("if",), epsilons=(4, 8, 16))
    for table in tmp_path.rglob("*.csv"):
        lines = table.read_text().splitlines(keepends=True)
        sign = [line.replace("sign", "affine") for line in lines if ",sign," in line]
        table.write_text("".join([line for line in lines if "affine" not in line] + sign))
    (family,) = load_families([tmp_path])
    rows = equal_l2_rows(family, [8.0])
    assert len(rows) == 4
    assert (rows["difference"] == 0).all() and (rows["significant"] == 0).all()
    # No discordant pair in 40 images doesn't show that there is no difference.
    _, low, high = paired_gain(np.ones(40, bool), np.ones(40, bool))
    assert low < 0 < high
    np.testing.assert_allclose(rows[["low", "high"]], [[low, high]] * 4)


def test_intervals_are_the_same_every_time(family):
    assert equal_l2_rows(family).equals(equal_l2_rows(family))


def test_outside_the_sweep_is_said_not_guessed(family):
    rows = equal_l2_rows(family, [4.0])
    assert set(rows["note"]) == {OUTSIDE}
    assert rows[["sign_success", "difference", "low", "high"]].isna().all(axis=None)
    text = "\n".join(map(to_markdown, equal_l2_tables(family, rows)))
    assert OUTSIDE in text and "nan" not in text


def test_one_epsilon_of_sign_is_too_few(tmp_path):
    write_run(tmp_path)
    (family,) = load_families([tmp_path])
    with pytest.raises(ResultsError, match="two or more epsilons"):
        equal_l2_rows(family)
