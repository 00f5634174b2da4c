import json

import pytest

from tests.made_up_results import write_run, write_sweep
from utils.analysis.families import load_families
from utils.analysis.runs import load_runs
from utils.errors import DataError, ResultsError


def test_finds_finished_runs_at_and_below_a_folder_once(tmp_path):
    folder = write_run(tmp_path / "a")
    write_run(tmp_path / "a", method="m")
    write_run(tmp_path / "a", method="n", status="unfinished")
    assert [run.method for run in load_runs([tmp_path])] == ["if", "m"]
    assert len(load_runs([tmp_path, folder])) == 2


@pytest.mark.parametrize("targeted", [False, True])
def test_success_is_what_transfer_csv_counts(tmp_path, targeted):
    write_run(tmp_path, targeted=targeted)
    (run,) = load_runs([tmp_path])
    counted = run.per_image.groupby(["mode", "victim"])["success"].sum()
    column = "target_hits" if targeted else "misclassified"
    written = run.transfer.set_index(["mode", "victim"])[column]
    assert written.sum() > 0
    assert (counted.sort_index() == written.sort_index()).all()


def test_image_ids_stay_text(tmp_path):
    write_run(tmp_path, images=3)
    assert load_families([tmp_path])[0].image_ids == ["0000", "0001", "0002"]


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(ResultsError, match="nowhere is no folder"):
        load_runs([tmp_path / "nowhere"])
    with pytest.raises(ResultsError, match="No finished run"):
        load_runs([tmp_path])
    folder = write_run(tmp_path)
    (folder / "per_image.csv").unlink()
    with pytest.raises(ResultsError, match="per_image.csv can't be read"):
        load_families([tmp_path])


@pytest.mark.parametrize("content", ["{", "[]", '{"status": "complete"}'])
def test_a_broken_run_json_is_named(tmp_path, content):
    (write_run(tmp_path) / "run.json").write_text(content)
    with pytest.raises(DataError, match="run.json is no run.json"):
        load_runs([tmp_path])


def test_runs_with_other_flags_or_images_are_kept_apart(tmp_path):
    write_sweep(tmp_path / "a", epsilons=(4, 8))
    write_sweep(tmp_path / "b", epsilons=(4, 8), num_iter=5)
    write_sweep(tmp_path / "c", epsilons=(4,), images=20)
    found = load_families([tmp_path])
    assert [len(family.runs) for family in found] == [4, 4, 2]
    assert "num_iter 5" in found[1].title
    assert "20 images" in found[2].title


def test_a_family_has_one_norm_and_any_size_of_it(tmp_path):
    write_sweep(tmp_path / "box", methods=("if",), epsilons=(4, 8))
    for size in (300.0, 150.5):
        write_run(tmp_path / "ball", norm="l2", max_l2=size)
    box, ball = sorted(load_families([tmp_path]), key=lambda family: family.quantity, reverse=True)
    assert (box.quantity, box.sizes) == ("epsilon", [4, 8])
    assert (ball.quantity, ball.sizes) == ("L2 bound", [150.5, 300])
    assert str(ball.bound(300.0)) == "L2 300" and "norm l2" in ball.title
    assert box.sizes_of(8.0) == [8] and ball.sizes_of(16.0) == []


def test_seeds_belong_together_and_are_averaged(tmp_path):
    for seed in (0, 1):
        write_run(tmp_path / f"seed{seed}", seed=seed)
    (family,) = load_families([tmp_path])
    key = ("if", 16.0, "affine", "net_b")
    rates = [run.transfer.set_index(["mode", "victim"]) for run in family.runs]
    mean = sum(rate.loc[key[2:], "misclassified"] for rate in rates) / 2 / 40
    assert rates[0].loc[key[2:], "misclassified"] != rates[1].loc[key[2:], "misclassified"]
    assert family.success[key].mean() == pytest.approx(mean)


def test_the_same_run_twice_is_refused(tmp_path):
    write_run(tmp_path / "a")
    write_run(tmp_path / "b")
    with pytest.raises(ResultsError, match="the same run twice"):
        load_families([tmp_path])


def test_victims_and_methods_stand_in_order(tmp_path):
    for method in ("vn", "m", "fgsm", "if"):
        folder = write_run(tmp_path, method=method, victims=("net_b", "net_a"))
    assert json.loads((folder / "run.json").read_text())["victims"].keys() == {"net_a", "net_b"}
    (family,) = load_families([tmp_path])
    assert list(family.method_titles) == ["fgsm", "if", "m", "vn"]
    assert list(family.victims) == ["net_a", "net_b"]
    assert family.black_box == ["net_b"]
