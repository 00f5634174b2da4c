"""Writers of images compared: what each does to the pixels, and what the table says of it."""

import numpy as np
import pandas as pd
import pytest

from data import from_uint8
from scripts import compare_rounding
from utils.benchmarks.rounding import COLUMNS, MEAN, WRITERS, Written, rounding_rows
from utils.bound import Bound

LEVELS = np.arange(16, 240, dtype=np.uint8).reshape(1, 8, 28, 1).repeat(3, axis=-1)


def written(writer, sign):
    """What a writer makes of a full sign step up or down from every level, minus the original."""
    bound = Bound("linf", 16)
    images = from_uint8(LEVELS) + np.float32(sign * bound.in_images)
    return WRITERS[writer](images, LEVELS, bound).astype(int) - LEVELS


def test_rounding_writes_a_sign_step_as_it_is():
    assert np.unique(written("rounded", 1)) == [16] and np.unique(written("rounded", -1)) == [-16]


@pytest.mark.parametrize("writer", ["truncated", "truncated_0_1"])
def test_truncation_takes_steps_down_out_of_the_bound(writer):
    up, down = written(writer, 1), written(writer, -1)
    assert set(np.unique(up)) <= {15, 16} and set(np.unique(down)) == {-17, -16}
    assert 0.1 < np.mean(down == -17) < 0.25


def test_truncation_shifts_a_smooth_step_by_half_a_level():
    rng = np.random.default_rng(0)
    step = rng.uniform(-15, 15, LEVELS.shape).astype(np.float32) / np.float32(127.5)
    bound = Bound("linf", 16)
    images = from_uint8(LEVELS) + step
    for writer in ("truncated", "truncated_0_1"):
        made = WRITERS[writer](images, LEVELS, bound).astype(float)
        assert np.mean(made - (images.astype(float) + 1) * 127.5) == pytest.approx(-0.5, abs=0.05)


def test_rows_hold_means_and_paired_differences():
    def of(wrong_a, wrong_b):
        wrong = {"source": np.ones(4, bool), "a": np.array(wrong_a), "b": np.array(wrong_b)}
        return Written(np.full(4, 0.25), np.full(4, -0.5), np.full(4, 100.0), wrong)

    none, half = [False] * 4, [True, True, False, False]
    outcome = {
        ("if", "sign", "rounded"): of(none, none),
        ("if", "sign", "truncated"): of(none, half),
        ("if", "affine", "rounded"): of(half, half),
        ("if", "affine", "truncated"): of(half, none),
    }
    settings = {"source": "white-box", "a": "black-box", "b": "black-box"}
    rows = rounding_rows(outcome, settings, 16.0).set_index(["mode", "writer", "victim"])
    assert list(rows.reset_index().columns.sort_values()) == sorted(COLUMNS)
    assert set(rows["beyond_bound"]) == {25.0} and set(rows["shift"]) == {-0.5}
    mean = rows.xs(MEAN, level="victim")
    assert mean["success_rate"].to_dict() == {
        ("sign", "rounded"): 0,
        ("sign", "truncated"): 25,
        ("affine", "rounded"): 50,
        ("affine", "truncated"): 25,
    }
    assert mean.loc[("affine", "truncated"), ["difference", "differing"]].tolist() == [-25, 50]
    assert mean.loc[("affine", "rounded"), "gain_over_sign"] == 50
    assert mean.loc[("affine", "truncated"), "gain_over_sign"] == 0
    assert np.isnan(mean.loc[("sign", "truncated"), "gain_over_sign"])
    assert np.isnan(mean.loc[("affine", "rounded"), "difference"])
    low, high = mean.loc[("affine", "truncated"), ["difference_low", "difference_high"]]
    assert low < -25 < high


def test_the_command_compares_on_the_demo_zoo(demo, tmp_path, capsys):
    if not (demo / "checkpoints" / "demo_inception.ckpt.index").exists():
        pytest.skip("the demo zoo's checkpoints are not here")
    flags = "--method fgsm --victims demo_resnet --limit 3 --batch_size 2"
    assert compare_rounding.main([*flags.split(), "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "3 images, epsilon 16." in printed and "| fgsm | sign | truncated |" in printed
    rows = pd.read_csv(tmp_path / "rounding.csv")
    assert list(rows.columns) == list(COLUMNS) and set(rows["images"]) == {3}
    beyond = rows.set_index(["mode", "writer"])["beyond_bound"].groupby(level=[0, 1]).first()
    assert beyond["sign", "rounded"] == beyond["affine", "rounded"] == 0
    assert beyond["sign", "truncated"] > 0 and beyond["sign", "truncated_0_1"] > 0


def test_wrong_flags_get_a_sentence(tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    assert compare_rounding.main(["-o", str(file)]) == 2
    assert f"--output {file} is there and is no folder" in capsys.readouterr().err
    assert compare_rounding.main(["--method", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err
    assert compare_rounding.main(["--victims", "no_such_network"]) == 2
    assert "no_such_network" in capsys.readouterr().err
