"""A folder that was tampered with, in every way that matters, is caught and the thing named."""

import json
import shutil

import numpy as np
import pytest
from runs import IMAGES, RUN, results

from data import read_image, write_image
from scripts import judge, verify
from tests.made_up_results import before_ssim
from utils.files import sha256_of
from utils.pipeline.digest import results_digest
from utils.pipeline.run import Run


@pytest.fixture
def folder(undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / RUN)
    return tmp_path / RUN


@pytest.fixture
def originals(demo, tmp_path):
    """A copy of the demo images and the flags that lead to it."""
    place = tmp_path / "images"
    shutil.copytree(demo / "images", place)
    return place


@pytest.fixture
def check(capsys):
    """Verifies a folder, holds it to an exit code and returns what it printed."""

    def run(folder, *flags, code=0):
        assert verify.main([str(folder), *map(str, flags)]) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run


def first_png(folder, mode="affine"):
    return sorted((folder / mode).iterdir())[0]


def wrong(text):
    return [line for line in text.splitlines() if line.startswith("DOESN'T HOLD")]


def change_cell(path, row, column, value):
    lines = [line.split(",") for line in path.read_text().splitlines()]
    lines[row][lines[0].index(column)] = value
    path.write_text("\n".join(",".join(line) for line in lines) + "\n")


def test_an_untouched_run_holds(undisturbed, check):
    text = check(undisturbed)
    assert "all of this holds" in text and not wrong(text)
    assert f"{2 * IMAGES} PNGs" in text
    for table in ("steps.csv", "per_image.csv", "transfer.csv"):
        assert f"Checked: {table}" in text


def test_the_predictions_hold_with_the_checkpoints(undisturbed, check):
    text = check(undisturbed, "--predictions")
    assert "Checked: the predictions of demo_resnet, made again" in text and not wrong(text)


def test_other_kinds_of_run_hold(runner, tmp_path, check):
    flags = ("--targeted", "--norm=l2", "--max_l2=200", "--method=m")
    runner.run(tmp_path, *flags, "--mode=affine")
    runner.run(tmp_path, *flags, "--mode=raw", "--victims=demo_vgg,demo_inception")
    folder = tmp_path / "demo" / "demo_vgg" / "m" / "l2_200_targeted"
    text = check(folder, "--predictions")
    assert f"{3 * IMAGES} PNGs" in text and "transfer.csv, 9 rows" in text


def test_a_pixel_beyond_epsilon(folder, demo, check):
    png = first_png(folder)
    pixels, original = read_image(png).copy(), read_image(demo / "images" / png.name)
    value = int(original[3, 3, 0])
    pixels[3, 3, 0] = value + 17 if value < 128 else value - 17
    write_image(png, pixels)
    text = check(folder, code=1)
    assert f"{png} is 17 from its original, beyond --max_epsilon 16" in text
    assert f"{png} was changed after the run" in text
    assert "linf is 16 instead of 17" in text and "max_linf is 16 instead of 17" in text


def test_a_pixel_within_epsilon_is_caught_too(folder, check):
    png = first_png(folder)
    pixels = read_image(png).astype(int)
    pixels[3, 3, 0] += 1 if pixels[3, 3, 0] < 128 else -1
    write_image(png, pixels.astype(np.uint8))
    assert f"{png} was changed after the run" in check(folder, code=1)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("transfer.csv", "success_rate", "99.99"),
        ("transfer.csv", "misclassified", "3"),
        ("transfer.csv", "mcnemar_p", "0.01"),
        ("transfer.csv", "victim", "demo_inception"),
        ("per_image.csv", "adversarial_label", "77"),
        ("per_image.csv", "clean_confidence", "0.1234"),
        ("per_image.csv", "l2", "1.000"),
        ("per_image.csv", "ssim", "0.12345"),
        ("per_image.csv", "true_label", "0"),
        ("steps.csv", "mean_cosine", "0.999999"),
    ],
)
def test_one_changed_figure(folder, check, table, column, value):
    change_cell(folder / table, 2, column, value)
    lines = wrong(check(folder, code=1))
    assert lines and all(f" {table}: " in line for line in lines)
    assert any(value in line for line in lines)


def test_rows_and_columns(folder, check):
    path = folder / "per_image.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    assert "per_image.csv: the row image_id" in check(folder, code=1)
    path.write_text("".join([*lines, lines[-1]]))
    assert "stand in it twice" in check(folder, code=1)
    path.write_text("".join([lines[0], *reversed(lines[1:])]))
    assert "another order" in check(folder, code=1)
    path.write_text("".join(lines).replace("l2,linf", "linf,l2"))
    assert "its columns are" in check(folder, code=1)
    path.unlink()
    assert check(folder, code=1).count(f"{path} can't be read: No such file or directory.\n") == 1


def test_a_missing_a_broken_and_a_foreign_png(folder, check):
    sign, affine = first_png(folder, "sign"), first_png(folder)
    sign.unlink()
    affine.write_bytes(affine.read_bytes()[:200])
    shutil.copy(sorted((folder / "affine").iterdir())[1], folder / "affine" / "other.png")
    lines = wrong(check(folder, code=1))
    assert len(lines) == 3
    assert f"{sign} can't be read" in lines[0]
    assert f"{affine} is broken or cut short" in lines[1]
    assert "other.png is not of this run" in lines[2]


def test_a_png_of_another_side(folder, check):
    write_image(first_png(folder), np.zeros((8, 8, 3), np.uint8))
    assert "has a side of 8 pixels, its original one of 64" in check(folder, code=1)


def test_a_swapped_original(folder, originals, check):
    name = first_png(folder).name
    shutil.copy(sorted(originals.iterdir())[-1], originals / name)
    text = check(folder, "--input_dir", originals, code=1)
    assert f"{originals / name} is not the image that sign/{name} was made from" in text
    assert "beyond --max_epsilon 16" in text


def test_originals_that_moved(folder, originals, check):
    assert "all of this holds" in check(folder, "--input_dir", originals)
    (originals / first_png(folder).name).unlink()
    text = check(folder, "--input_dir", originals, code=1)
    assert "is missing" in text


def test_another_csv(folder, demo, tmp_path, check):
    copy = tmp_path / "labels.csv"
    copy.write_text((demo / "dev_dataset.csv").read_text() + "\n")
    assert "The CSV is another one" in check(folder, "--input_csv", copy, code=1)


def test_an_unfinished_run(folder, check):
    run = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(run | {"status": "unfinished"}))
    assert "the run is unfinished" in check(folder, code=1)


def test_without_the_journals(folder, check):
    shutil.rmtree(folder / ".progress")
    text = check(folder)
    assert "all of this holds" in text
    assert "Not checked: steps.csv: .progress/crafted.jsonl is gone" in text
    assert "the labels and confidences in it are taken as they are" in text
    change_cell(folder / "transfer.csv", 1, "flipped", "1000")
    assert "flipped is 1000 instead of" in check(folder, code=1)


def test_without_the_journals_a_changed_label_shows(folder, check):
    shutil.rmtree(folder / ".progress")
    rows = (folder / "per_image.csv").read_text().splitlines()
    fooled = next(i for i, r in enumerate(rows[1:], 1) if r.split(",")[10] != r.split(",")[1])
    change_cell(folder / "per_image.csv", fooled, "adversarial_label", rows[fooled].split(",")[1])
    # The counts no longer follow from the labels; with the checkpoints, the label is named.
    assert "transfer.csv: misclassified is" in check(folder, code=1)
    text = check(folder, "--predictions", code=1)
    assert "per_image.csv: adversarial_label is" in text
    assert not any("transfer.csv" in line for line in wrong(text))


def test_checkpoints_that_are_gone_or_others(folder, demo, tmp_path, check):
    run = json.loads((folder / "run.json").read_text())
    for name, victim in run["victims"].items():
        victim["checkpoint"] = str(tmp_path / "moved" / f"{name}.ckpt")
    (folder / "run.json").write_text(json.dumps(run))
    text = check(folder, "--predictions", code=3)
    assert "Not checked: the predictions of demo_vgg: its checkpoint is not at" in text
    assert "all of this holds" not in text
    text = check(folder, "--predictions", "--checkpoint_path", demo / "checkpoints")
    assert "Checked: the predictions of demo_vgg" in text
    shutil.copytree(demo / "checkpoints", tmp_path / "others")
    (data,) = (tmp_path / "others").glob("demo_vgg.ckpt.data*")
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    text = check(folder, "--predictions", "--checkpoint_path", tmp_path / "others", code=1)
    assert "is another checkpoint of demo_vgg than the run's" in text


def test_the_l2_bound(folder, check):
    run = json.loads((folder / "run.json").read_text())
    run["flags"] |= {"norm": "l2", "max_l2": 5.0}
    (folder / "run.json").write_text(json.dumps(run))
    assert "beyond --max_l2 5" in check(folder, code=1)


def edit_record(folder, change):
    record = json.loads((folder / "run.json").read_text())
    change(record)
    (folder / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize("tables", [("per_image.csv",), ("transfer.csv", "steps.csv")])
def test_tables_of_a_header_alone(folder, check, tables):
    for name in tables:
        header = (folder / name).read_text().splitlines()[0]
        (folder / name).write_text(header + "\n")
    text = check(folder, code=1)
    assert all(f"{name}: the row " in text for name in tables)


def test_a_folder_from_before_psnr_and_ssim(folder, undisturbed, runner, check, tmp_path):
    digest = json.loads((folder / "run.json").read_text())["results_sha256"]
    before_ssim(folder)
    run = Run.reopen(folder)
    pngs = {(mode, png.stem): sha256_of(png) for mode in run.modes for png in run.pngs(mode)}
    edit_record(folder, lambda record: record.update(results_sha256=results_digest(pngs, run)))
    text = check(folder)
    assert "all of this holds" in text
    assert "Not checked: psnr and ssim: per_image.csv is from before they were measured" in text
    assert "Not checked: mean_psnr and mean_ssim: transfer.csv is from before" in text
    change_cell(folder / "transfer.csv", 1, "mean_l2", "1.000")
    assert "mean_l2 is 1.000 instead of" in check(folder, code=1)
    # The run's command, given again, writes what it would have written today.
    runner.run(tmp_path)
    assert results(folder) == results(undisturbed)
    assert json.loads((folder / "run.json").read_text())["results_sha256"] == digest
    before_ssim(folder, "ssim", "mean_ssim")
    assert check(folder, code=1).count("its columns are") == 2


def test_fields_at_a_rows_end(folder, check):
    path = folder / "transfer.csv"
    first, second, *rest = path.read_text().splitlines(keepends=True)
    path.write_text("".join([first, second.rstrip() + ",99.9\n", *rest]))
    assert "row 1 has 31 fields, its header 30" in check(folder, code=1)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        *(("method", "m"), ("num_iter", 3), ("max_epsilon", 20.0), ("seed", 5), ("momentum", 0.5)),
        *(("k", 7), ("dtype", "bfloat16"), ("loss", "logit"), ("label", "predicted")),
    ],
)
def test_a_flag_edited_in_run_json(folder, check, flag, value):
    def in_flags(record):
        record["flags"][flag] = value

    edit_record(folder, in_flags)
    assert f"run.json contradicts itself: --{flag} is" in check(folder, code=1)

    def in_both(record):
        record["identity"]["flags"][flag] = value

    edit_record(folder, in_both)
    assert wrong(check(folder, code=1))


def test_a_victim_that_was_dropped(folder, check):
    edit_record(folder, lambda record: record["victims"].pop("demo_resnet"))
    for name in ("per_image.csv", "transfer.csv"):
        lines = (folder / name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join(line for line in lines if "demo_resnet" not in line))
    text = check(folder, code=1)
    assert "demo_resnet has judged these images, and run.json doesn't name it" in text
    shutil.rmtree(folder / ".progress")
    assert "The digest of all results is another" in check(folder, code=1)


@pytest.mark.parametrize("kind", ["sources", "victims"])
def test_a_networks_digest_edited_in_run_json(folder, check, kind):
    def change(record):
        network = next(iter(record[kind].values()))
        network["sha256"] = dict.fromkeys(network["sha256"], "0" * 64)

    edit_record(folder, change)
    assert wrong(check(folder, code=1))


def test_a_mean_cosine_edited_in_run_json(folder, check):
    edit_record(folder, lambda record: record["mean_cosine"].update(affine=0.99))
    assert "run.json's mean_cosine is not that of the steps" in check(folder, code=1)


@pytest.mark.parametrize("place", ["x.png", "sign/deep/x.png", "other/x.png"])
def test_an_image_where_no_run_puts_one(folder, check, place):
    (folder / place).parent.mkdir(exist_ok=True)
    shutil.copy(first_png(folder), folder / place)
    assert f"{folder / place} is not of this run" in check(folder, code=1)


def test_the_digest_ties_figures_to_bytes(folder, undisturbed, check):
    digest = json.loads((undisturbed / "run.json").read_text())["results_sha256"]
    assert f"Checked: the digest of all results, {digest}" in check(folder)
    shutil.rmtree(folder / ".progress")
    assert f"Checked: the digest of all results, {digest}" in check(folder)
    edit_record(folder, lambda record: record.update(results_sha256="0" * 64))
    assert "The digest of all results is another" in check(folder, code=1)


def test_it_writes_nothing(folder, check):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    check(folder, "--predictions")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_usage(tmp_path, check):
    assert "holds no run.json" in check(tmp_path, code=2)
    assert "holds no run.json" in check(tmp_path / "none", code=2)
    with pytest.raises(SystemExit) as caught:
        verify.main([])
    assert caught.value.code == 2
    (tmp_path / "run.json").write_text("{}")
    assert "is no run.json of attack.py" in check(tmp_path, code=1)


def test_an_unfinished_run_is_told_first(folder, check):
    run = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(run | {"status": "unfinished"}))
    assert check(folder, code=1).startswith(f"UNFINISHED: {folder} holds a run that didn't come to")


def test_what_was_just_done_is_no_advice(folder, check, demo, tmp_path, capsys):
    png = first_png(folder)
    pixels = read_image(png).astype(int)
    pixels[3, 3, 0] += 1 if pixels[3, 3, 0] < 128 else -1
    write_image(png, pixels.astype(np.uint8))
    text = check(folder, code=1)
    assert "judged other bytes" in text and "scripts/judge.py" in text
    (folder / "copied").mkdir()
    shutil.copy(png, folder / "copied" / "a.png")
    assert judge.main([str(folder)]) == 0
    assert f"{folder / 'copied'} holds 1 PNG(s) that are not of this run" in capsys.readouterr().out
    text = check(folder, code=1)
    assert "scripts/judge.py" not in text and "the run's command, given again" in text
    run = json.loads((folder / "run.json").read_text())
    for network in run["victims"].values():
        network["checkpoint"] = "/nowhere/net.ckpt"
    (folder / "run.json").write_text(json.dumps(run))
    (tmp_path / "empty").mkdir()
    text = check(folder, "--predictions", "--checkpoint_path", tmp_path / "empty", code=1)
    assert f"nor in --checkpoint_path {tmp_path / 'empty'}" in text
    assert "(give --checkpoint_path)" not in text
    assert "(give --checkpoint_path)" in check(folder, "--predictions", code=1)
