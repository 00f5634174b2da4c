"""A victim whose program told labels alone: figures leave out what isn't known, and say so."""

import html
import json
import re

import numpy as np
import pandas as pd
import pytest

from scripts import figures, table
from tests.made_up_results import write_run
from utils.analysis.class_names import ClassNames
from utils.analysis.families import load_families
from utils.analysis.figures import FIGURES
from utils.analysis.figures.selection import Choices, Selection

UNTOLD = ["clean_confidence", "adversarial_confidence", "clean_top5", "adversarial_top5"]


def change(folder, columns, values, victims=("net_c",), images=slice(None)):
    """Has victims of a run say something else, of some images."""
    rows = pd.read_csv(folder / "per_image.csv", dtype=str, keep_default_na=False)
    ids = rows["image_id"].unique()[images]
    place = rows["victim"].isin(victims) & rows["image_id"].isin(ids)
    rows.loc[place, columns] = values
    rows.to_csv(folder / "per_image.csv", index=False)


def answer_with(folder, number):
    """Has net_c be a file of answers, of its own for each run."""
    record = json.loads((folder / "run.json").read_text())
    name = f"predictions:{number}/vit.csv?offset=1"
    record["victims"]["net_c"] |= {"stands_for": name, "sha256": {"vit.csv": str(number) * 64}}
    (folder / "run.json").write_text(json.dumps(record))


@pytest.fixture(params=[("net_c",), ("net_b", "net_c")], ids=len)
def told(request, tmp_path):
    """Two runs, of which one or all black-box victims told labels alone."""
    for number, epsilon in enumerate((4.0, 16.0)):
        folder = write_run(tmp_path, epsilon=epsilon, images=24, pngs=True)
        change(folder, UNTOLD, "", victims=request.param)
        answer_with(folder, number)
    return tmp_path, request.param


def test_figures_say_what_is_left_out(told, tmp_path, capsys):
    place, victims = told
    kinds = "accuracy,accuracy_by_confidence,image,strip"
    options = ["--figures", kinds, "--formats", "svg", "-o", str(tmp_path / "figures")]
    assert figures.main([str(place), *options]) == 0
    texts = {}
    for file in (tmp_path / "figures").iterdir():
        text = html.unescape(file.read_text("utf-8"))
        assert "<!-- nan" not in text
        texts[file.stem] = re.sub(r"\s+", " ", " ".join(re.findall(r"<!-- (.*?) -->", text)))
    said = f"top-5 and confidence without {', '.join(victims)} (not told)"
    assert said in texts["accuracy_if"]
    assert ("accuracy_by_confidence_if" in texts) == (len(victims) == 1)
    refused = "accuracy_by_confidence_if: no black-box victim's confidence was told"
    assert (refused in capsys.readouterr().err) == (len(victims) == 2)
    assert texts["image_0000_if"].count("not told") == len(victims)
    assert "nan" not in texts["strip_0000_if"] and "50 %" in texts["strip_0000_if"]


def test_means_are_over_what_was_told(told):
    place, victims = told
    (family,) = load_families([place])
    selection = Selection(family, Choices(("accuracy",)))
    ((_, figure),) = FIGURES["accuracy"].draw(selection)
    top1, top5, confidence = figure.axes
    assert len(top1.get_lines()) == 2
    if len(victims) == 2:
        assert not top5.get_lines() and not confidence.get_lines()
        return
    rows = family.per_image[family.per_image["victim"] == "net_b"]
    of_sign = rows[rows["mode"] == "sign"].groupby("size")["adversarial_confidence"].mean()
    drawn = confidence.get_lines()[0].get_ydata()
    np.testing.assert_allclose(drawn, [93, *(100 * of_sign)])


@pytest.mark.parametrize("layout", [[], ["--equal_l2"]], ids=str)
def test_tables_take_it_like_any_other(told, capsys, layout):
    assert table.main([str(told[0]), *layout]) == 0
    text = capsys.readouterr().out
    assert "net_c" in text and "nan" not in text


def test_files_of_their_own_make_one_family_where_they_agree_on_clean_images(
    tmp_path,
):
    folders = [write_run(tmp_path, epsilon=epsilon, images=24) for epsilon in (4.0, 16.0)]
    for number, folder in enumerate(folders):
        answer_with(folder, number)
    assert len(load_families([tmp_path])) == 1
    change(folders[0], "clean_label", "9", images=slice(1))
    transfer = pd.read_csv(folders[0] / "transfer.csv")
    transfer.loc[transfer["victim"] == "net_c", "clean_errors"] = 1
    transfer.to_csv(folders[0] / "transfer.csv", index=False)
    titles = [family.title for family in load_families([tmp_path])]
    assert len(titles) == 2 and all("weights of net_c " in title for title in titles)


def test_an_answer_without_confidence_is_its_label():
    row = {"clean_label": 2, "clean_confidence": float("nan"), "adversarial_label": 1}
    names = ClassNames(("background", "disc", "ring, annulus"))
    assert names.answer(row, "clean", 1, " %") == "2 ring"
    assert names.answer(row | {"adversarial_confidence": 0.125}, "adversarial", 1) == "1 disc 12.5"
