import numpy as np
import pytest

from tests.made_up_results import before_ssim, write_run, write_sweep
from utils.analysis.amounts import L2, SSIM
from utils.analysis.equal_amounts import NO_SWEEP, OUTSIDE, between, equal_rows
from utils.analysis.equal_amounts_tables import equal_tables
from utils.analysis.families import Attack, load_families
from utils.analysis.figures.gain import gain_at_equal_l2
from utils.analysis.figures.selection import Choices, Selection
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


# In the made-up runs, L2 is proportional to epsilon: 20 of sign's, 12 of affine's; and what is
# missing to an SSIM of 1 is proportional to L2, for affine by half as much again.
@pytest.mark.parametrize(
    ("amount", "sign_size"), [(L2, 16 * 12 / 20), (SSIM, 16 * 12 / 20 * 1.5)], ids=["l2", "ssim"]
)
def test_success_of_sign_is_that_at_the_same_mean(family, amount, sign_size):
    row = _row(equal_rows(family, amount), "net_b")

    def spent(epsilon, mode):
        means = family.transfer_of(Attack("if", epsilon, mode))[amount.mean]
        return amount.rising(means.mean())

    sizes = (4.0, 8.0, 16.0)
    rates = [100 * family.success["if", e, "sign", "net_b"].mean() for e in sizes]
    points, mine = [spent(e, "sign") for e in sizes], spent(16.0, "affine")
    assert points[1] < mine < points[2]
    assert row["sign_success"] == pytest.approx(np.interp(mine, points, rates), rel=1e-4)
    assert row["sign_size"] == pytest.approx(sign_size, rel=1e-4)
    assert row["difference"] == pytest.approx(row["success_rate"] - row["sign_success"])
    # What isn't held equal is told, too.
    assert row["mean_l2"] == pytest.approx(spent_l2 := family.l2["if", 16.0, "affine"].mean())
    assert row["mean_ssim"] == pytest.approx(1 - 1.5e-3 * spent_l2, rel=1e-4)


def test_equal_ssim_as_tables(family):
    full, per_victim = equal_tables(family, equal_rows(family, SSIM), SSIM)
    ssim = family.transfer_of(Attack("if", 16.0, "affine"))["mean_ssim"].mean()
    assert full.title.endswith("gain at equal SSIM, mean over the black-box victims")
    assert full.header[3] == "mean SSIM" and full.rows[-1][3] == f"{ssim:.3f}"
    assert "until it has the same mean SSIM (1 is the original)" in full.notes[0]
    assert all("linearised in SSIM" in table.notes[0] for table in (full, per_victim))


def test_a_folder_from_before_ssim_has_no_row_at_equal_ssim(tmp_path):
    write_sweep(tmp_path, methods=("if",), epsilons=(4, 8, 16))
    before_ssim(tmp_path)
    (family,) = load_families([tmp_path])
    assert equal_rows(family)["difference"].notna().any()
    with pytest.raises(ResultsError, match=r"needs the SSIM of every image, which .*judge\.py"):
        equal_rows(family, SSIM)


def test_the_interval_holds_the_made_up_gain(family):
    for victim in ("net_b", MEAN):
        row = _row(equal_rows(family), victim)
        assert row["low"] < 15 < row["high"]
        assert 0 < row["high"] - row["low"] < 20
        assert row["low"] <= row["difference"] <= row["high"]


def test_the_mean_is_over_black_box_victims_only(family):
    rows = equal_rows(family)
    pair = [_row(rows, victim)["difference"] for victim in ("net_b", "net_c")]
    assert _row(rows, MEAN)["difference"] == pytest.approx(np.mean(pair))


def test_no_gain_where_a_mode_equals_sign(tmp_path):
    write_sweep(tmp_path, methods=("if",), epsilons=(4, 8, 16))
    for table in tmp_path.rglob("*.csv"):
        lines = table.read_text().splitlines(keepends=True)
        sign = [line.replace("sign", "affine") for line in lines if ",sign," in line]
        table.write_text("".join([line for line in lines if "affine" not in line] + sign))
    (family,) = load_families([tmp_path])
    rows = equal_rows(family, sizes=[8.0])
    assert len(rows) == 4
    assert (rows["difference"] == 0).all() and (rows["significant"] == 0).all()
    # No discordant pair in 40 images doesn't show that there is no difference.
    _, low, high = paired_gain(np.ones(40, bool), np.ones(40, bool))
    assert low < 0 < high
    np.testing.assert_allclose(rows[["low", "high"]], [[low, high]] * 4)


def test_intervals_are_the_same_every_time(family):
    assert equal_rows(family).equals(equal_rows(family))


def test_outside_the_sweep_is_said_not_guessed(family):
    rows = equal_rows(family, sizes=[4.0])
    assert set(rows["note"]) == {OUTSIDE}
    assert rows[["sign_success", "difference", "low", "high"]].isna().all(axis=None)
    text = "\n".join(map(to_markdown, equal_tables(family, rows)))
    assert OUTSIDE in text and "nan" not in text


def test_one_epsilon_of_sign_is_too_few(tmp_path):
    write_run(tmp_path)
    (family,) = load_families([tmp_path])
    with pytest.raises(ResultsError, match="two or more epsilons"):
        equal_rows(family)


def test_a_method_that_was_not_swept_keeps_none_from_its_comparison(tmp_path):
    """One without a sweep once left the page without any comparison at equal length."""
    write_sweep(tmp_path, methods=("if", "m"), epsilons=(4, 8, 16), images=40)
    write_run(tmp_path, "fgsm", 16.0, images=40)
    (family,) = load_families([tmp_path])
    rows = equal_rows(family, sizes=[16.0]).set_index("method")
    assert set(rows.index) == {"fgsm", "if", "m"}
    assert (
        set(rows.loc["fgsm", "note"]) == {NO_SWEEP} and rows.loc["fgsm", "difference"].isna().all()
    )
    assert rows.loc[["if", "m"], "difference"].notna().all()
    text = "\n".join(map(to_markdown, equal_tables(family, rows.reset_index(), L2)))
    assert text.count(NO_SWEEP) == 5 and "nan" not in text
    selection = Selection(family, Choices(("equal_l2",)))
    ((_, figure),) = gain_at_equal_l2(selection)
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert said == ["sign\nnot swept"]
