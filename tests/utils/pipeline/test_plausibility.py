"""Errors on clean images that no network makes by itself."""

import numpy as np
import pandas as pd
import pytest

from utils.pipeline.plausibility import doubt, doubts

TRUE = np.arange(1, 101)


def wrong_on(count):
    """The true labels, but for so many images that get one far away."""
    said = TRUE.copy()
    said[:count] += 300
    return said


@pytest.mark.parametrize(("shift", "named"), [(1, "labels +1"), (-1, "labels -1")])
def test_labels_that_count_from_elsewhere_are_told_with_what_they_would_give(shift, named):
    text = doubt("net", wrong_on(14) + shift, TRUE)
    assert "net is wrong on 100.0 % of 100 clean images" in text
    assert f"with {named} it would be 14.0 %" in text


def test_a_wrong_range_is_told_too():
    text = doubt("net", wrong_on(70), TRUE)
    assert "wrong on 70.0 %" in text and "range and preprocessing" in text and "labels" not in text


@pytest.mark.parametrize(
    ("wrong", "published", "is_told"),
    [
        (4, 96.2, False),
        (12, 94.9, False),
        (40, 96.2, True),
        (50, None, False),  # mobilenet_v1_0.25_128
        (62, None, True),
        (100, None, True),
    ],
)
def test_what_is_published_or_plausible_passes(wrong, published, is_told):
    text = doubt("net", wrong_on(wrong), TRUE, published)
    assert bool(text) is is_told
    if is_told and published:
        assert "where 3.8 % are published" in text


def test_few_images_prove_nothing():
    assert doubt("net", [5], [7]) == "" and doubt("net", [], []) == ""
    assert doubt("net", TRUE[:2] + 1, TRUE[:2]) == ""


def test_a_run_says_it_once_for_all_victims():
    rows = [
        {"victim": victim, "mode": mode, "true_label": true, "clean_label": true + 1}
        for victim in ("a", "b", "c")
        for mode in ("sign", "affine")
        for true in TRUE
    ]
    (text,) = doubts(pd.DataFrame(rows), {"a": 95.0, "b": None})
    assert text.startswith("a is wrong on 100.0 % of 100 clean images, where 5.0 % are published")
    assert "labels +1 it would be 0.0 %" in text and "3 victims" in text


def test_the_summary_of_a_run_with_labels_from_0_warns(runner, demo, tmp_path):
    table = pd.read_csv(demo / "dev_dataset.csv", dtype=str, keep_default_na=False)
    table["TrueLabel"] = [str(int(label) - 1) for label in table["TrueLabel"]]
    table[table["TrueLabel"] != "0"].to_csv(tmp_path / "from_0.csv", index=False)
    text = runner.run(
        tmp_path / "out",
        *("--method=fgsm", "--mode=sign", "--num_iter=1"),
        f"--input_csv={tmp_path / 'from_0.csv'}",
        f"--input_dir={demo / 'images'}",
    )
    (warning,) = [line for line in text.splitlines() if line.startswith("WARNING")]
    assert "wrong on 100.0 % of 12 clean images" in warning
    assert "with labels +1 it would be 8.3 %" in warning and "2 victims" in warning
