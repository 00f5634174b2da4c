"""Every figure of the tables by hand: four images, one victim of its own, two modes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from records import record_of

from data import Dataset
from methods import AttackSettings
from utils.pipeline.config import RunConfig
from utils.pipeline.folder import RunFolder
from utils.pipeline.journals import CraftedImage
from utils.pipeline.run import Run
from utils.pipeline.said import table_of_rows
from utils.pipeline.tables import (
    csv_pieces,
    per_image_table,
    steps_table,
    to_csv,
    transfer_table,
)
from utils.statistics import mcnemar_p, paired_gain, wilson_interval

IDS = ("a", "b", "c", "d")
TRUE = (1, 2, 3, 4)
TARGETS = (5, 6, 7, 8)
# The likeliest label first.
CLEAN = ([1, 9], [2, 9], [3, 9], [9, 4])  # d is wrong from the start
SIGN = ([5, 1], [2, 9], [9, 8], [9, 4])  # fooled: a, c, d; hits: a
AFFINE = ([5, 1], [6, 2], [3, 9], [8, 7])  # fooled: a, b, d; hits: a, b, d
COSTS = {
    "sign": ((2.0, 30.0, 4, 35.5, 0.75), (2.0, 40.0, 4, 33.0, 0.5)),
    # The second image is as it was: its PSNR is infinite.
    "affine": ((1.0, 10.0, 3, 45.0, 0.9), (0.0, 0.0, 0, np.nan, 1.0)),
}


def dataset(targets=TARGETS):
    return Dataset(
        IDS,
        tuple(Path(f"{i}.png") for i in IDS),
        np.array(TRUE, np.int32),
        None if targets is None else np.array(targets, np.int32),
        10,
        "",
        0,
    )


def predictions(victims=("net",)):
    rows = [
        (victim, mode, image_id, labels, 0.5)
        for victim in victims
        for mode, of_images in (("clean", CLEAN), ("sign", SIGN), ("affine", AFFINE))
        for image_id, labels in zip(IDS, of_images, strict=True)
    ]
    return table_of_rows(rows)


def costs():
    rows = [
        (mode, image_id, *COSTS[mode][index % 2])
        for mode in COSTS
        for index, image_id in enumerate(IDS)
    ]
    names = ["mode", "image_id", "mean_abs", "l2", "linf", "psnr", "ssim"]
    return pd.DataFrame(rows, columns=names)


def run(targeted=False, targets=TARGETS):
    config = RunConfig(attack=AttackSettings(max_epsilon=4.0, targeted=targeted))
    record = record_of(config, sources=("net",))
    return Run(record, dataset(targets), RunFolder(Path("none")))


def tables(targeted=False, victims=("net", "other")):
    per_image = per_image_table(run(), predictions(victims), costs())
    return per_image, transfer_table(run(targeted), per_image, costs())


def test_per_image_has_one_row_an_image_mode_and_victim():
    per_image, _ = tables()
    assert len(per_image) == 2 * 2 * 4
    row = per_image.iloc[5].to_dict()
    assert np.isnan(row.pop("psnr"))
    assert row == {
        "image_id": "b",
        "true_label": 2,
        "target_class": 6,
        "source": "net",
        "method": "if",
        "mode": "affine",
        "max_epsilon": 4.0,
        "victim": "net",
        "clean_label": 2,
        "clean_confidence": 0.5,
        "adversarial_label": 6,
        "adversarial_confidence": 0.5,
        "l2": 0.0,
        "linf": 0,
        "clean_top5": 1,
        "adversarial_top5": 1,
        "ssim": 1.0,
    }
    assert per_image["adversarial_top5"].tolist()[:8] == [1, 1, 0, 1, 1, 1, 1, 0]


def test_transfer_by_hand():
    _, transfer = tables()
    assert transfer["mode"].tolist() == ["sign", "affine", "sign", "affine"]
    assert transfer["setting"].tolist() == ["white-box"] * 2 + ["black-box"] * 2
    sign, affine = transfer.iloc[0], transfer.iloc[1]
    assert (sign["images"], sign["clean_errors"], sign["clean_correct"]) == (4, 1, 3)
    assert (sign["misclassified"], sign["success_rate"]) == (3, 75)
    assert (sign["success_low"], sign["success_high"]) == wilson_interval(3, 4)
    assert (sign["flipped"], sign["flip_rate"]) == (2, pytest.approx(200 / 3))
    assert (sign["flip_low"], sign["flip_high"]) == wilson_interval(2, 3)
    assert (affine["misclassified"], affine["flipped"]) == (3, 2)
    assert (sign["mean_abs"], sign["mean_l2"], sign["max_linf"]) == (2, 35, 4)
    assert sign["mean_rms"] == pytest.approx(35 / np.sqrt(300))
    assert (affine["mean_abs"], affine["mean_l2"], affine["max_linf"]) == (0.5, 5, 3)
    assert (sign["mean_psnr"], sign["mean_ssim"]) == (34.25, 0.625)
    assert (affine["mean_psnr"], affine["mean_ssim"]) == (45, 0.95)
    # Fooled by sign: a, c, d; by affine: a, b, d.
    first, second = np.array([1, 0, 1, 1], bool), np.array([1, 1, 0, 1], bool)
    gain = (affine["gain_over_sign"], affine["gain_low"], affine["gain_high"])
    assert gain == pytest.approx(paired_gain(first, second))
    assert affine["mcnemar_p"] == mcnemar_p(first, second) == 1
    assert sign[["gain_over_sign", "gain_low", "gain_high", "mcnemar_p"]].isna().all()
    assert transfer[["target_hits", "target_rate"]].isna().all(axis=None)


def test_targeted_runs_are_compared_by_hits():
    _, transfer = tables(targeted=True)
    assert transfer["target_hits"].tolist()[:2] == [1, 3]
    assert transfer["target_rate"].tolist()[:2] == [25, 75]
    assert transfer["gain_over_sign"].tolist()[1] == 50
    assert transfer["success_rate"].tolist()[:2] == [75, 75]


def test_without_sign_there_is_no_gain():
    all_predictions = predictions()
    without = all_predictions[all_predictions["mode"] != "sign"]
    per_image = per_image_table(run(targets=None), without, costs())
    transfer = transfer_table(run(), per_image, costs())
    assert transfer["mode"].tolist() == ["affine"]
    assert transfer["gain_over_sign"].isna().all()
    assert per_image["target_class"].isna().all()


def test_csv_is_the_contracts_and_always_the_same_bytes():
    per_image, transfer = tables()
    text = to_csv(transfer).decode()
    assert text.splitlines()[0] == (
        "source,method,mode,max_epsilon,num_iter,victim,setting,images,clean_errors,misclassified,"
        "success_rate,success_low,success_high,clean_correct,flipped,flip_rate,flip_low,flip_high,"
        "target_hits,target_rate,mean_abs,mean_l2,mean_rms,max_linf,gain_over_sign,gain_low,"
        "gain_high,mcnemar_p,mean_psnr,mean_ssim"
    )
    assert text.splitlines()[1] == (
        "net,if,sign,4,10,net,white-box,4,1,3,75.00,30.06,95.44,3,2,66.67,20.77,93.85,,,"
        "2.0000,35.000,2.0207,4,,,,,34.250,0.62500"
    )
    assert to_csv(per_image).decode().splitlines()[6] == (
        "b,2,6,net,if,affine,4,net,2,0.5000,6,0.5000,0.000,0,1,1,,1.00000"
    )
    assert "\r" not in text
    assert to_csv(transfer) == to_csv(tables()[1])


def test_steps_are_means_over_the_images():
    cosines = [("affine", [1.0, 0.5]), ("sign", [0.2, 0.0]), ("affine", [0.5, 0.0])]
    records = [
        CraftedImage.model_construct(mode=mode, cosine=cosine)
        for mode, cosine in [*cosines, ("raw", [0.9, 0.9])]
    ]
    table = steps_table(records, ["sign", "affine"])
    assert table.to_numpy().tolist() == [
        ["sign", 1, 0.2],
        ["sign", 2, 0.0],
        ["affine", 1, 0.75],
        ["affine", 2, 0.25],
    ]


def test_a_table_written_in_pieces_has_the_same_bytes(monkeypatch):
    whole = [to_csv(table) for table in tables()]
    for rows in (1, 3, 16):
        monkeypatch.setattr("utils.pipeline.tables._ROWS", rows)
        assert [to_csv(table) for table in tables()] == whole
    assert len(list(csv_pieces(tables()[0]))) == 1
    monkeypatch.setattr("utils.pipeline.tables._ROWS", 5)
    assert len(list(csv_pieces(tables()[0]))) == 4


def test_a_table_without_rows_has_its_header():
    assert to_csv(steps_table([], [])) == b"mode,iteration,mean_cosine\n"
