"""Few or constant samples: no interval without width, nothing called significant."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from scripts import figures, report, table
from tests.made_up_results import write_run
from utils import statistics

ARRANGED = {"none": (0, 0), "all": (0, 1), "worse": (1, 0), "always": (1, 1)}


def _arrange(folder, sign, affine):
    """Makes every image of a made-up run succeed, or not, in both tables."""
    path = folder / "per_image.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    right = rows["true_label"].astype(int)
    fooled = rows["mode"].map({"sign": sign, "affine": affine})
    rows["adversarial_label"] = (right + fooled).astype(str)
    rows.to_csv(path, index=False, lineterminator="\n")
    path = folder / "transfer.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rate = rows["mode"].map({"sign": sign, "affine": affine})
    images = rows["images"].astype(int)
    rows["misclassified"] = (rate * images).astype(str)
    rows["success_rate"] = [f"{100 * r:.2f}" for r in rate]
    n = int(images.iloc[0])
    first, second = np.full(n, bool(sign)), np.full(n, bool(affine))
    gain = statistics.paired_gain(first, second)
    mine = rows["mode"] == "affine"
    for name, value in zip(("gain_over_sign", "gain_low", "gain_high"), gain, strict=True):
        rows.loc[mine, name] = f"{value:.2f}"
    rows.loc[mine, "mcnemar_p"] = f"{statistics.mcnemar_p(first, second):.6g}"
    rows.to_csv(path, index=False, lineterminator="\n")


def _made(capsys, *arguments):
    assert table.main([*map(str, arguments), "--format", "csv"]) == 0
    return pd.read_csv(io.StringIO(capsys.readouterr().out))


@pytest.mark.parametrize("outcome", ARRANGED)
@pytest.mark.parametrize("images", [1, 2, 6, 19])
def test_below_20_images_nothing_stands_out(tmp_path, capsys, images, outcome):
    _arrange(write_run(tmp_path, images=images), *ARRANGED[outcome])
    made = _made(capsys, tmp_path)
    assert not made["significant"].fillna(0).any()
    gains = made.dropna(subset="gain_over_sign")
    assert len(gains) == 4
    assert (gains["gain_high"] - gains["gain_low"] > 10).all()
    assert (made["success_high"] - made["success_low"] > 10).all()
    for options in ([], ["--layout", "modes"]):
        assert table.main([str(tmp_path), *options]) == 0
        text = capsys.readouterr().out
        assert "\\*" not in text and not re.search(r"\*\*[+-]", text)
        assert "Below 20 images" in text


@pytest.mark.parametrize("outcome", ARRANGED)
def test_40_constant_images_have_an_interval_of_some_width(tmp_path, capsys, outcome):
    _arrange(write_run(tmp_path), *ARRANGED[outcome])
    made = _made(capsys, tmp_path)
    gains = made.dropna(subset="gain_over_sign")
    assert (gains["gain_high"] - gains["gain_low"] > 3).all()
    assert (made["success_high"] - made["success_low"] > 3).all()
    differs = outcome in ("all", "worse")
    assert (gains["significant"] == int(differs)).all()


@pytest.mark.parametrize("seeds", [1, 2])
@pytest.mark.parametrize("images", [12, 24, 40])
def test_one_victim_and_the_mean_over_it_have_the_same_figures(tmp_path, capsys, images, seeds):
    for seed in range(seeds):
        folder = tmp_path / str(seed)
        write_run(folder, images=images, victims=("net_a", "net_b"), seed=seed)
    made = _made(capsys, tmp_path).set_index(["mode", "victim"])
    names = [n for n in made.columns if n.startswith(("success", "gain"))] + ["significant"]
    mean = made.loc[(slice(None), "black-box mean"), names].droplevel("victim")
    one = made.loc[(slice(None), "net_b"), names].droplevel("victim")
    pd.testing.assert_frame_equal(mean, one)


@pytest.mark.parametrize("images", [1, 6])
def test_equal_l2_of_few_images_is_never_bold(tmp_path, capsys, images):
    for epsilon in (4.0, 8.0, 16.0):
        _arrange(write_run(tmp_path, images=images, epsilon=epsilon), 0, 1)
    assert table.main([str(tmp_path), "--equal_l2"]) == 0
    text = capsys.readouterr().out
    assert "+100.0" in text and "**" not in text and "[+100.0, +100.0]" not in text


def test_equal_l2_of_constant_images_has_width(tmp_path, capsys):
    for epsilon in (4.0, 8.0, 16.0):
        _arrange(write_run(tmp_path, epsilon=epsilon), 0, 1)
    made = _made(capsys, tmp_path, "--equal_l2").dropna(subset="low")
    assert len(made) and (made["low"] < 98).all() and (made["significant"] == 1).all()


def test_figures_and_page_draw_one_image(tmp_path):
    for epsilon in (4.0, 8.0):
        _arrange(write_run(tmp_path / "r", images=1, epsilon=epsilon), 0, 1)
    names = ["--figures", "equal_l2,success_epsilon,success_l2,accuracy,accuracy_by_confidence"]
    assert figures.main([str(tmp_path / "r"), "-o", str(tmp_path / "f"), *names]) == 0
    file = tmp_path / "report.html"
    assert report.main([str(tmp_path / "r"), "-o", str(file), *names]) == 0
    assert "[+100.0, +100.0]" not in file.read_text("utf-8")
    assert "<sup>*</sup>" not in file.read_text("utf-8")


def test_a_means_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    for images in (5, 20, 60):
        covered = gained = 0
        for _ in range(400):
            hard = random.normal(size=(images, 1))
            first, second = (
                (hard + random.normal(size=(images, 4)) < 1.0).mean(axis=1) for _ in range(2)
            )
            low, high = statistics.mean_interval(first)
            covered += low <= 76.02499 <= high
            low, high = statistics.difference_interval(second - first)
            gained += low <= 0 <= high
        assert covered / 400 > 0.93 and gained / 400 > 0.93


@pytest.mark.parametrize("unit", [1, 3, 8])
def test_flipping_signs_is_what_counting_all_flips_says(unit):
    random = np.random.default_rng(unit)
    for images in (1, 2, 7, 10):
        difference = random.integers(-unit, unit + 1, images)
        flips = 1 - 2 * ((np.arange(2**images)[:, None] >> np.arange(images)) & 1)
        extreme = np.abs(flips @ difference) >= abs(difference.sum())
        assert statistics.sign_flip_p(difference) == pytest.approx(extreme.mean())


def test_flipping_signs_of_single_outcomes_is_mcnemars_test():
    for gained, lost in ((0, 0), (1, 0), (5, 1), (3, 3), (25, 9), (0, 12)):
        first = np.array([False] * gained + [True] * lost + [True] * 7)
        second = np.array([True] * gained + [False] * lost + [True] * 7)
        p = statistics.sign_flip_p(second.astype(int) - first.astype(int))
        assert p == pytest.approx(statistics.mcnemar_p(first, second))
