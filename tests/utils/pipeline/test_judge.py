import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf
from runs import RUN, results

from data import write_image
from models import Classifier
from scripts import judge
from utils.errors import RunError
from utils.pipeline.folder import RunFolder
from utils.pipeline.judge import judge as judge_victims
from utils.pipeline.predictions import Judge
from utils.pipeline.record import RunRecord
from utils.pipeline.recorded_victims import load_recorded_victim
from utils.pipeline.run import Run
from utils.pipeline.said import LABELS


@pytest.fixture
def folder(undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / RUN)
    return tmp_path / RUN


def test_judging_anew_gives_the_same_tables_from_the_pngs_alone(folder, undisturbed, capsys):
    shutil.rmtree(folder / ".progress")
    for table in ("transfer.csv", "per_image.csv"):
        (folder / table).unlink()
    assert judge.main([str(folder)]) == 0
    assert "anew from its PNGs" in capsys.readouterr().out
    assert results(folder) == results(undisturbed)


def test_judging_anew_believes_no_record(folder, undisturbed):
    journal = folder / ".progress" / "judged.jsonl"
    journal.write_text(journal.read_text().replace('"confidence": 0.', '"confidence": 7.'))
    assert judge.main([str(folder)]) == 0
    assert results(folder) == results(undisturbed)


def test_run_json_names_the_victims_that_did_load_before_one_that_did_not(folder):
    run = Run.reopen(folder)
    first, second, *_ = run.record.victims

    def load(of_run, victim, session):
        if victim == second:
            raise RunError("a checkpoint of another network")
        return load_recorded_victim(of_run, victim, session)

    run = dataclasses.replace(run, awaited=set(run.record.victims))
    with pytest.raises(RunError, match="another network"):
        judge_victims(run, {}, lambda _: None, load)
    assert list(RunRecord.read(folder).victims) == [first]
    assert run.awaited == set(run.record.victims) - {first}


def test_usage(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        judge.main([])
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
    assert judge.main([str(tmp_path)]) == 2
    assert "holds no run.json" in capsys.readouterr().err


def test_a_missing_png_ends_it_with_a_sentence(folder, capsys):
    png = sorted((folder / "sign").iterdir())[0]
    png.unlink()
    assert judge.main([str(folder)]) == 1
    assert f"{png} can't be read" in capsys.readouterr().err


def test_a_judge_gives_labels_in_the_csvs_convention(tmp_path):
    # Logit c is c times the first channel's mean: white likes the last class, black the first.
    def forward(images):
        brightness = tf.reduce_mean(images[..., 0], [1, 2])
        return brightness[:, None] * tf.range(7, dtype=tf.float32), None

    paths = []
    for index, value in enumerate((255, 0, 255)):
        paths.append(tmp_path / f"{index}.png")
        write_image(paths[-1], np.full((4, 4, 3), value, np.uint8))
    found = Judge.of(Classifier("bright", 4, 4, 7, 1, forward))
    batches = list(found.predict(paths, 2, [0, 2]))
    assert [(start, len(records)) for start, records in batches] == [(0, 2), (2, 1)]
    white, black = batches[0][1]
    assert white.labels == [7, 6, 5, 4, 3] and black.labels == [1, 2, 3, 4, 5]
    expected = np.exp(6) / np.exp(np.arange(7)).sum()
    assert white.confidence == black.confidence == round(float(expected), 4)
    assert found.classify(paths, batch_size=2).tolist() == [7, 1, 7]


def test_records_without_their_keys_are_skipped(tmp_path):
    folder = RunFolder(tmp_path)
    (tmp_path / ".progress").mkdir()
    (tmp_path / ".progress" / "judged.jsonl").write_text('{"victim": "x"}\n')
    assert folder.judged.read() == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_no_success(tmp_path, value):
    def forward(images):
        brightness = tf.reduce_mean(images[..., 0], [1, 2])
        return tf.where(brightness[:, None] > 0, value, tf.ones([1, 7])), None

    paths = []
    for index, shade in enumerate((0, 0, 255)):
        paths.append(tmp_path / f"{index}.png")
        write_image(paths[-1], np.full((4, 4, 3), shade, np.uint8))
    judge = Judge.of(Classifier("broken", 4, 4, 7, 1, forward))
    assert len(list(judge.predict(paths[:2], 2, [0]))) == 1
    with pytest.raises(RunError, match="The logits of broken for .*2.png are not finite"):
        list(judge.predict(paths, 2, [0, 2]))


def test_a_batch_that_the_memory_does_not_suffice_for_is_judged_in_halves(tmp_path, capsys):
    def forward(images):
        if images.shape[0] > 3:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        brightness = tf.reduce_mean(images[..., 0], [1, 2])
        return -((brightness[:, None] - tf.linspace(-1.0, 1.0, 7)) ** 2), None

    paths = []
    for shade in range(7):
        paths.append(tmp_path / f"{shade}.png")
        write_image(paths[-1], np.full((4, 4, 3), round(255 * shade / 6), np.uint8))
    judge = Judge.of(Classifier("shade", 4, 4, 7, 1, forward))
    assert judge.classify(paths, batch_size=16).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert judge.classify(paths, batch_size=2).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert capsys.readouterr().out.count("16 images at once; --batch_size 2 fits") == 1


def test_what_is_remembered_counts_only_of_these_pngs_by_these_weights(folder):
    run = Run.reopen(folder)
    remembered = run.folder.judged.read()
    of = {(each.victim, each.mode, each.image_id): each for each in remembered}
    other = [
        each.model_copy(update={"labels": [9]} | changed)
        for each, changed in zip(
            remembered,
            ({"png_sha256": "0" * 64}, {"weights": "others"}, {"mode": "raw"}, {"image_id": "x"}),
            strict=False,
        )
    ]

    def load(*_):
        raise AssertionError("all is known")

    table = judge_victims(run, [*remembered, *other], lambda made: None, load)
    assert len(table) == len(of)
    for victim, mode, image_id, first in table[["victim", "mode", "image_id", LABELS[0]]].values:
        assert first == of[victim, mode, image_id].labels[0]
