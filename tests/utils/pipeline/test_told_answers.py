"""Victims that are files of answers: a page's lines write them, and judge.py adds them to a run."""

import csv
import json
import os
import re
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from runs import ROOT, RUN, results

import models
from data.answers import read_answers
from scripts import judge, judge_images, verify
from utils.hashes import file_sha256

PAGE = (ROOT / "docs" / "other_networks.md").read_text(encoding="utf-8")
# Network -> what its file is called, and its name's option.
TOLD = {"demo_resnet": ("res", ""), "demo_vgg": ("vgg", "?offset=1")}


def block(after):
    """The first Python block of the page after a mark."""
    (found,) = re.findall(rf"<!-- {after}.*? -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    return found


@pytest.fixture(scope="module")
def write_answers():
    names = {}
    exec(block("executed"), names)
    return names["write_answers"]


@pytest.fixture(scope="module")
def answered(undisturbed, write_answers, demo, tmp_path_factory):
    """The folder of a copy of a run, and in it the answers of networks that judged it, too."""
    folder = tmp_path_factory.mktemp("answered") / RUN
    shutil.copytree(undisturbed, folder)
    for network, (name, _) in TOLD.items():
        classifier = models.load_classifier(network, demo / "checkpoints")

        def logits_of(images, classifier=classifier):
            return classifier(np.stack([np.float32(each) for each in images]) / 127.5 - 1)

        write_answers(undisturbed, logits_of, folder / f"{name}.csv", at_once=4)
    return folder


def victims(folder):
    return ",".join(
        f"{name}=predictions:{folder / name}.csv{query}" for name, query in TOLD.values()
    )


@pytest.fixture(scope="module")
def judged(answered, tmp_path_factory):
    """The same with both as victims; not to be written into."""
    folder = tmp_path_factory.mktemp("judged") / RUN
    shutil.copytree(answered, folder)
    assert judge.main([str(folder), f"--victims={victims(folder)}"]) == 0
    return folder


@pytest.fixture
def copy(judged, tmp_path):
    shutil.copytree(judged, tmp_path / RUN)
    return tmp_path / RUN


@pytest.mark.parametrize("network", TOLD)
def test_a_networks_own_answers_give_its_own_rows(judged, network):
    name = TOLD[network][0]
    table = pd.read_csv(judged / "transfer.csv").drop(columns="setting")
    own, told = (table[table["victim"] == each].drop(columns="victim") for each in (network, name))
    pd.testing.assert_frame_equal(told.reset_index(drop=True), own.reset_index(drop=True))
    rows = pd.read_csv(judged / "per_image.csv")
    own, told = (rows[rows["victim"] == each].reset_index(drop=True) for each in (network, name))
    labels = ["image_id", "mode", "clean_label", "adversarial_label", "clean_top5", "l2"]
    assert len(told) == 24 and told[[*labels, "adversarial_top5"]].equals(
        own[[*labels, "adversarial_top5"]]
    )
    for kind in ("clean_confidence", "adversarial_confidence"):
        np.testing.assert_allclose(told[kind], own[kind], atol=1.01e-4)


def test_what_the_others_said_stays_and_the_record_names_them(judged, undisturbed):
    before, after = (pd.read_csv(each / "per_image.csv") for each in (undisturbed, judged))
    assert after[after["victim"].isin(before["victim"])].equals(before)
    record = json.loads((judged / "run.json").read_text())["victims"]["vgg"]
    assert record["checkpoint"] == "./vgg.csv" and record["stands_for"].endswith("?offset=1")
    assert record["sha256"] == {"vgg.csv": file_sha256(judged / "vgg.csv")}


def test_it_is_verified_where_it_moved_to(judged, copy, capsys):
    # The file in the old place is no longer what is read.
    assert verify.main([str(copy)]) == 0
    text = capsys.readouterr().out
    assert "Checked: the predictions of vgg, read again from vgg.csv" in text
    assert "has no column png_sha256" not in text
    (copy / "vgg.csv").write_text((copy / "vgg.csv").read_text() + "\n")
    assert verify.main([str(copy)]) == 1
    assert f"{copy / 'vgg.csv'} is another file of answers of vgg" in capsys.readouterr().out
    before = results(copy)
    assert judge.main([str(copy)]) == 1
    assert "holds other answers than those of vgg that" in capsys.readouterr().err
    assert results(copy) == before


def test_a_table_that_says_otherwise_than_the_file_is_caught(copy, capsys):
    # What nothing but the file knows: the journal is gone, and transfer.csv doesn't depend on it.
    (copy / ".progress" / "judged.jsonl").unlink()
    rows = list(csv.reader((copy / "per_image.csv").open()))
    place = rows[0].index("clean_confidence")
    for row in rows:
        if row[0] == "demo0003" and "res" in row:
            row[place] = "0.1234"
    (copy / "per_image.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    assert verify.main([str(copy)]) == 1
    assert "clean_confidence is 0.1234 instead of" in capsys.readouterr().out


def test_judging_anew_reads_it_again(copy):
    before = results(copy)
    for name in ("transfer.csv", "per_image.csv"):
        (copy / name).unlink()
    assert judge.main([str(copy)]) == 0
    assert results(copy) == before


def test_another_offset_is_what_it_is_judged_with_from_then_on(copy, capsys):
    given = f"--victims=vgg=predictions:{copy / 'vgg.csv'}"
    assert judge.main([str(copy), given]) == 0
    rows = pd.read_csv(copy / "per_image.csv").set_index("victim")
    assert (rows.loc["vgg", "clean_label"].to_numpy() + 1).tolist() == (
        rows.loc["demo_vgg", "clean_label"].tolist()
    )
    assert verify.main([str(copy)]) == 0


def test_images_that_it_does_not_know_take_it_out_until_it_answers_again(
    copy, runner, write_answers, capsys
):
    place = copy.parents[len(RUN.parts) - 1]
    text = runner.run(place, "--limit=6", code=2)
    text = runner.run(place, "--mode=affine")
    assert "Victims of earlier commands stay in the tables: res, vgg." in text
    text = runner.run(place, "--mode=affine,raw")
    assert "Left out of the tables: res, vgg, with answers to the images of before alone" in text
    assert set(pd.read_csv(copy / "transfer.csv")["victim"]) == {"demo_vgg", "demo_resnet"}
    assert verify.main([str(copy)]) == 0
    named = f"--victims=vgg=predictions:{copy / 'vgg.csv'}?offset=1"
    assert judge.main([str(copy), named]) == 1
    assert "lacks answers to 12 of 48 PNGs (all 12 of raw; first raw/" in capsys.readouterr().err
    write_answers(copy, lambda images: np.eye(10)[: len(images)], copy / "vgg.csv", at_once=4)
    assert judge.main([str(copy), named]) == 0
    assert len(pd.read_csv(copy / "transfer.csv")) == 9
    assert verify.main([str(copy)]) == 0


def edited(path, change):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    rows = change(rows)
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)


def bare(rows):
    return [{name: row[name] for name in ("image", "mode", "label")} for row in rows]


def test_what_a_program_does_not_tell_is_empty_and_untied_answers_are_told_of(copy, capsys):
    shutil.copy(copy / "vgg.csv", copy / "bare.csv")
    edited(copy / "bare.csv", bare)
    given = f"--victims=bare=predictions:{copy / 'bare.csv'}?offset=1"
    assert judge.main([str(copy), given]) == 0
    assert "nothing ties the answers of bare to these PNGs" in capsys.readouterr().out
    rows = pd.read_csv(copy / "per_image.csv", dtype=str).set_index("victim").loc["bare"]
    empty = ["clean_confidence", "adversarial_confidence", "clean_top5", "adversarial_top5"]
    assert rows[empty].isna().all(axis=None) and rows["clean_label"].notna().all()
    for gone in ("nothing", "judged.jsonl"):
        (copy / ".progress" / gone).unlink(missing_ok=True)
        assert verify.main([str(copy)]) == 0
        assert "Not checked: whether bare answered to these PNGs" in capsys.readouterr().out
    # Without the file the tables are held to themselves, and what was asked for isn't done.
    (copy / "bare.csv").unlink()
    assert verify.main([str(copy)]) == 0
    assert "its file of answers is not at" in capsys.readouterr().out


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A pipe, and a file of too many bytes that takes no room."""
    place = tmp_path_factory.mktemp("odd")
    os.mkfifo(place / "pipe")
    with open(place / "huge.csv", "wb") as file:
        file.truncate((1 << 30) + 1)
    return place


def state(folder):
    return results(folder) | {
        name: (folder / name).read_bytes() for name in ("run.json", ".progress/judged.jsonl")
    }


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("vit=predictions:{here}/none.csv", "There is no file at predictions:"),
        (
            "vit=predictions:{place}/huge.csv",
            "has more than 1024 MiB: leave the answers",
        ),
        ("vit=predictions:{place}/pipe", "There is no file at predictions:"),
        ("vit=predictions:{here}/run.json", "no column image: it needs those of a file of answers"),
        ("vit=predictions:{here}/res.csv?offset=1,vit", "is 11, and labels are 1 to 10"),
        ("vit=predictions:{here}/res.csv?offset=2", "offset=2 is not valid: write predictions:"),
        ("vit=predictions:{here}/res.csv?side=2", "'side' is no option of predictions:"),
        ("vit=predictions:{here}/res.csv+jpeg75", "defences change what a network is shown"),
        ("res+jpeg75", "unknown network 'res'"),
        ("inception_v3", "belongs to the imagenet zoo; this run is on the demo zoo"),
        ("nobody", "unknown network 'nobody'"),
    ],
)
def test_what_can_not_be_added_changes_nothing(judged, place, capsys, name, says):
    before = state(judged)
    given = name.format(here=judged, place=place)
    assert judge.main([str(judged), f"--victims={given}"]) in (1, 2)
    text = capsys.readouterr().err
    assert says in text and text.count("\n") == 1
    assert state(judged) == before


def test_a_network_is_added_as_attack_py_adds_it(undisturbed, runner, tmp_path):
    for name in ("ours", "theirs"):
        shutil.copytree(undisturbed, tmp_path / name / RUN)
    added = "demo_resnet+flip"
    assert judge.main([str(tmp_path / "ours" / RUN), f"--victims={added},demo_vgg"]) == 0
    runner.run(tmp_path / "theirs", f"--victims={added}")
    assert results(tmp_path / "ours" / RUN) == results(tmp_path / "theirs" / RUN)
    assert verify.main([str(tmp_path / "ours" / RUN)]) == 0


def test_nothing_is_added_to_an_unfinished_run(copy, capsys):
    record = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(record | {"status": "unfinished"}))
    assert judge.main([str(copy), "--victims=demo_resnet+flip"]) == 1
    assert "give its command again, then add victims" in capsys.readouterr().err


def test_a_run_can_not_begin_with_answers(answered, runner, tmp_path):
    text = runner.run(tmp_path, f"--victims=demo_vgg,{victims(answered)}", code=2)
    assert "give this to `python scripts/judge.py RUN --victims`" in text
    text = runner.run(tmp_path, f"--source=predictions:{answered / 'vgg.csv'}", code=2)
    assert "holds answers to images, and this command is yet to make its own" in text
    assert list(tmp_path.iterdir()) == []


def judged_images(answered, output, *flags):
    folders = [f"--adversarial_dir={name}={answered / name}" for name in ("sign", "affine")]
    return judge_images.main([*folders, f"--output_dir={output}", "--limit=12", *flags])


def test_others_pngs_are_judged_by_answers_too(answered, judged, tmp_path, capsys):
    named = f"--victims=demo_resnet,{victims(answered)}"
    assert judged_images(answered, tmp_path / "out", named, "--source=demo_vgg") == 0
    columns = ["victim", "mode", "misclassified", "gain_over_sign", "mcnemar_p", "mean_l2"]
    own, others = (
        pd.read_csv(each / "transfer.csv")[columns].sort_values(columns[:2], ignore_index=True)
        for each in (judged, tmp_path / "out")
    )
    own = own[own["victim"] != "demo_vgg"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, own)
    # Another offset under the same name: nothing of before is taken for it.
    named = f"--victims=vgg=predictions:{answered / 'vgg.csv'},demo_resnet"
    assert judged_images(answered, tmp_path / "out", named, "--source=demo_vgg") == 0
    rows = pd.read_csv(tmp_path / "out" / "per_image.csv").set_index("victim").loc["vgg"]
    first = pd.read_csv(judged / "per_image.csv").set_index("victim").loc["vgg"]
    assert (rows["clean_label"].iloc[0], rows["mode"].iloc[0]) == (
        first["clean_label"].iloc[0] - 1,
        "sign",
    )


def test_others_pngs_are_not_copied_before_the_answers_are_known_to_fit(answered, tmp_path, capsys):
    given = f"--victims=demo_resnet,vit=predictions:{answered / 'res.csv'}?offset=1"
    assert judged_images(answered, tmp_path / "out", given) == 1
    assert "with offset=1 is 11" in capsys.readouterr().err
    given = f"--victims=vit=predictions:{answered / 'res.csv'}+jpeg75"
    assert judged_images(answered, tmp_path / "out", given) == 2
    assert not (tmp_path / "out").exists()


def test_the_lines_on_torch_write_what_is_read(undisturbed, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("timm")
    lines = block("torch").replace(
        '"vit_base_patch16_224", pretrained=True', '"vit_tiny_patch16_224", pretrained=False'
    )
    assert "pretrained=False" in lines
    (tmp_path / "answers.py").write_text(block("executed"))
    monkeypatch.syspath_prepend(tmp_path)
    shutil.copytree(undisturbed, tmp_path / "run")
    monkeypatch.setattr(sys, "argv", ["vit.py", str(tmp_path / "run")])
    exec(lines, {})
    ids = [path.stem for path in (undisturbed / "sign").iterdir()]
    pngs = {("sign", each): file_sha256(undisturbed / "sign" / f"{each}.png") for each in ids}
    assert read_answers(tmp_path / "run" / "vit.csv", 1, pngs, 1000).tied
