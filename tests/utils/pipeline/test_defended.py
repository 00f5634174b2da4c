"""Victims behind defences in a run: judged as an independent reading of their PNGs says."""

import functools
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from runs import RUN, results

from data import read_image
from models import NETWORKS, load_classifier, split_defences
from models.defences import vote
from scripts import doctor, judge, verify
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import choose_networks
from utils.success import ABSTAINED

VICTIMS = ("demo_resnet", "demo_resnet+jpeg75", "demo_vgg+bits3+randpad", "demo_vgg+smooth0.4_9")


@pytest.fixture(scope="module")
def folder(runner, undisturbed, tmp_path_factory):
    output = tmp_path_factory.mktemp("defended")
    shutil.copytree(undisturbed, output / RUN)
    text = runner.run(output, f"--victims={','.join(VICTIMS)}")
    assert "demo_vgg+smooth0.4_9 gave no answer, which counts as wrong, for " in text
    return output / RUN


load = functools.cache(load_classifier)


def said(name, path, image_id, demo):
    network, chain = split_defences(name)
    copies = chain(read_image(path), 0, image_id)
    logits = load(network, demo / "checkpoints")(copies / np.float32(127.5) - 1)
    labels = logits.numpy().argmax(1) + NETWORKS[network].label_offset
    if not chain.votes:
        return labels[0]
    label, _ = vote(labels)
    return ABSTAINED if label is None else label


@pytest.mark.parametrize("victim", VICTIMS)
def test_labels_are_those_of_the_transformed_pngs(victim, folder, demo):
    table = pd.read_csv(folder / "per_image.csv")
    rows = table[(table["victim"] == victim) & (table["mode"] == "affine")]
    assert len(rows) == 12
    for row in rows.itertuples():
        path = folder / "affine" / f"{row.image_id}.png"
        assert row.adversarial_label == said(victim, path, row.image_id, demo)
        clean = demo / "images" / f"{row.image_id}.png"
        assert row.clean_label == said(victim, clean, row.image_id, demo)


def test_they_stand_in_the_tables_beside_the_others(folder):
    table = pd.read_csv(folder / "transfer.csv")
    assert set(VICTIMS) <= set(table["victim"])
    setting = table.set_index("victim")["setting"]
    assert set(setting["demo_vgg+bits3+randpad"]) == {"white-box"}
    assert set(setting["demo_resnet+jpeg75"]) == {"black-box"}
    assert table["mcnemar_p"].notna().sum() == table["victim"].nunique()
    recorded = json.loads((folder / "run.json").read_text())["victims"]
    assert recorded["demo_resnet+jpeg75"]["sha256"] == recorded["demo_resnet"]["sha256"]


def test_another_batch_size_says_the_same(folder, runner, tmp_path):
    # Judging alone: gradients may depend on the batch's size in their last digit.
    shutil.copytree(folder, tmp_path / RUN)
    shutil.rmtree(tmp_path / RUN / ".progress")
    record = json.loads((tmp_path / RUN / "run.json").read_text())
    record["flags"]["batch_size"] = 5
    (tmp_path / RUN / "run.json").write_text(json.dumps(record))
    assert judge.main([str(tmp_path / RUN)]) == 0
    assert results(tmp_path / RUN) == results(folder)


def test_verify_makes_their_predictions_again(folder, capsys):
    assert verify.main(["--predictions", str(folder)]) == 0
    assert "demo_vgg+smooth0.4_9, made again" in capsys.readouterr().out


def test_a_star_is_every_network_that_is_found():
    victims = choose_networks(RunConfig(victims=("*", "*+jpeg75"))).victims
    networks = [name for name, row in NETWORKS.items() if row.zoo == "demo"]
    assert set(victims) == {*networks, *(f"{name}+jpeg75" for name in networks)}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--victims=demo_vgg+jpeg101"], "jpeg takes a whole number from 1 to 100"),
        (["--victims=demo_vgg+fog"], "'fog' is no defence; there are jpeg75"),
        (["--victims=nothing+flip"], "unknown network 'nothing'"),
        (["--source=demo_vgg+flip"], "defences are for victims. Attack demo_vgg"),
    ],
)
def test_what_can_not_be_is_said_before_anything_is_crafted(flags, says, runner, tmp_path):
    text = runner.run(tmp_path, *flags, code=2)
    assert says in text and "Traceback" not in text
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_measures_clean_accuracy_behind_them(demo, tmp_path, capsys):
    for path in (demo / "checkpoints").glob("demo_vgg.ckpt*"):
        shutil.copy(path, tmp_path)
    given = ["--checkpoint_path", str(tmp_path), "--input_csv", str(demo / "dev_dataset.csv")]
    given += ["--input_dir", str(demo / "images"), "--limit", "20", "--seconds", "0"]
    doctor.main([*given, "--defences", "flip,bits1+jpeg1,smooth0.4_9"])
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    found = {line.partition(": ")[0]: line for line in lines if "20 images" in line}
    assert set(found) == {
        "clean accuracy", "behind flip", "behind bits1+jpeg1", "behind smooth0.4_9"
    }  # fmt: skip
    assert "without an answer" in found["behind smooth0.4_9"]
    with pytest.raises(SystemExit) as ended:
        doctor.main([*given, "--defences", "jpeg0"])
    assert ended.value.code == 2
