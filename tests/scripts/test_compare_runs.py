"""Two runs of one command compared: pixels, verdicts, gains and what was recorded."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts import compare_runs
from tests.made_up_results import write_run
from utils.analysis.summary_rows import MEAN
from utils.analysis.two_runs import COLUMNS

IMAGES = 6


@pytest.fixture
def first(tmp_path):
    return write_run(tmp_path / "a", images=IMAGES, pngs=True)


def compared(tmp_path, name="b"):
    assert compare_runs.main([str(tmp_path / "a"), str(tmp_path / name), "-o", str(tmp_path)]) == 0
    return pd.read_csv(tmp_path / "runs.csv").set_index(["mode", "victim"])


def test_the_same_run_is_the_same(first, tmp_path, capsys):
    write_run(tmp_path / "b", images=IMAGES, pngs=True)
    rows = compared(tmp_path)
    assert list(rows.reset_index().columns.sort_values()) == sorted(COLUMNS)
    assert set(rows["run"]) == {"imagenet/net_a/if/eps16"} and set(rows["images"]) == {IMAGES}
    assert (rows[["differing_pixels", "difference", "differing"]] == 0).all(axis=None)
    assert (rows["cosine"] == 1).all() and (rows["gain_over_sign"] == rows["other_gain"])[
        "affine"
    ].all()
    printed = capsys.readouterr().out
    assert "Both were asked for the same, of the same versions and hardware." in printed
    # A folder of one run serves, too.
    assert compare_runs.main([str(first), str(tmp_path / "b/imagenet/net_a/if/eps16")]) == 0


def test_other_pixels_and_verdicts_are_counted(first, tmp_path, capsys):
    other = write_run(tmp_path / "b", images=IMAGES, pngs=True, seed=1, step_size=2.0)
    path = other / "sign" / "0000.png"
    pixels = np.asarray(Image.open(path)).copy()
    pixels[:8] += 1
    Image.fromarray(pixels).save(path)
    rows, tables = compared(tmp_path), [pd.read_csv(f / "per_image.csv") for f in (first, other)]
    assert rows["differing_pixels"].groupby("mode").first().round(4).to_dict() == {
        "sign": round(50 / IMAGES, 4),
        "affine": 0,
    }
    lengths = [
        t[(t["mode"] == "sign") & (t["victim"] == "net_a")].set_index("image_id")["l2"]
        for t in tables
    ]
    ours, theirs = (each.to_numpy() for each in lengths)
    apart = np.where(np.arange(IMAGES) == 0, pixels[:8].size, 0)
    cosine = ((ours**2 + theirs**2 - apart) / (2 * ours * theirs)).mean()
    assert rows.loc[("sign", "net_b"), "cosine"] == pytest.approx(cosine, abs=1e-4)
    wrong = [
        t.assign(w=t["adversarial_label"] != t["true_label"])
        .pivot(index="image_id", columns=["mode", "victim"], values="w")
        .astype(float)
        for t in tables
    ]
    assert (wrong[0] != wrong[1]).any(axis=None)
    for mode, victim in [("sign", "net_b"), ("affine", "net_c")]:
        ours, theirs = (each[mode, victim] for each in wrong)
        row = rows.loc[(mode, victim)]
        assert row["difference"] == pytest.approx(100 * (theirs - ours).mean(), abs=1e-3)
        assert row["differing"] == pytest.approx(100 * (theirs != ours).mean(), abs=1e-3)
        assert row["difference_low"] < row["difference"] < row["difference_high"]
    black_box = ["net_b", "net_c"]
    rates = [each["affine"][black_box].mean().mean() for each in wrong]
    mean = rows.loc[("affine", MEAN)]
    assert mean["success_rate"] == pytest.approx(100 * rates[0], abs=1e-3)
    gain = rates[1] - wrong[1]["sign"][black_box].mean().mean()
    assert mean["other_gain"] == pytest.approx(100 * gain, abs=1e-3)
    assert "- --step_size: its default; the other: 2.0" in capsys.readouterr().out


def test_what_cannot_be_compared_is_named(first, tmp_path, capsys):
    write_run(tmp_path / "b", method="m", images=IMAGES)
    assert compare_runs.main([str(tmp_path / "a"), str(tmp_path / "b")]) == 1
    assert "No run is at the same place" in capsys.readouterr().err
    write_run(tmp_path / "c", images=IMAGES - 1, pngs=True)
    assert compare_runs.main([str(tmp_path / "a"), str(tmp_path / "c")]) == 1
    assert "are of other images" in capsys.readouterr().err
    write_run(tmp_path / "e", images=IMAGES, modes=("test",))
    assert compare_runs.main([str(tmp_path / "a"), str(tmp_path / "e")]) == 1
    assert "have no mode in common: give one run the other's --mode." in capsys.readouterr().err
    write_run(tmp_path / "f", images=IMAGES, victims=("another",))
    assert compare_runs.main([str(tmp_path / "a"), str(tmp_path / "f")]) == 1
    assert "no victim in common: give one run the other's --victims." in capsys.readouterr().err
    other = write_run(tmp_path / "d", images=IMAGES, pngs=True)
    (other / "affine" / "0003.png").unlink()
    assert compare_runs.main([str(tmp_path / "a"), str(tmp_path / "d")]) == 1
    said = capsys.readouterr().err
    assert "0003.png" in said and "figures" not in said and "Traceback" not in said
    assert compare_runs.main([str(tmp_path / "a"), str(tmp_path / "nowhere")]) == 1
    assert "nowhere is no folder" in capsys.readouterr().err
