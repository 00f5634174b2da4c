"""Runs in an L2 ball: no table, figure or page may speak of an epsilon that bounded nothing."""

import io
import re

import pandas as pd
import pytest

from scripts import figures, report, table
from tests.made_up_results import write_run

SIZES = (150.5, 300.0, 600.0)


@pytest.fixture(scope="module")
def l2_runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("l2")
    for size in SIZES:
        write_run(folder, images=20, norm="l2", max_l2=size, pngs=size == SIZES[0])
    return folder


def _text(capsys, *arguments):
    assert table.main([*map(str, arguments)]) == 0
    return capsys.readouterr().out


def _csv(capsys, *arguments):
    return pd.read_csv(io.StringIO(_text(capsys, *arguments, "--format", "csv")))


@pytest.mark.parametrize("options", [[], ["--layout", "modes"], ["--equal_l2"]])
def test_csv_holds_the_l2_bound_and_no_epsilon(l2_runs, capsys, options):
    made = _csv(capsys, l2_runs, *options)
    # What needs no attack stands in the CSV as a bound of nothing.
    made = made[made["mode"] != "clean"]
    assert set(made["max_l2"]) == set(SIZES)
    assert made["max_epsilon"].isna().all()
    assert "sign_epsilon" not in made or made["sign_epsilon"].isna().all()


def test_csv_tells_boxes_from_balls(l2_runs, tmp_path, capsys):
    write_run(tmp_path, epsilon=16.0, images=20)
    made = _csv(capsys, l2_runs, tmp_path)
    made = made[made["mode"] != "clean"]
    in_box = made["max_epsilon"].notna()
    assert (made["max_l2"].isna() == in_box).all()
    assert set(made[in_box]["max_epsilon"]) == {16} and set(made["max_l2"].dropna()) == set(SIZES)
    # An epsilon selects boxes only, whatever --max_epsilon the balls' runs had.
    assert _csv(capsys, l2_runs, tmp_path, "--epsilon", 16)["max_l2"].isna().all()
    assert table.main([str(l2_runs), "--epsilon", "16"]) == 1
    assert "no such epsilon" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--layout", "modes"], ["--equal_l2"]])
def test_tables_name_the_l2_bound(l2_runs, capsys, options):
    text = _text(capsys, l2_runs, *options)
    assert "epsilon" not in text
    for size in SIZES:
        assert f"L2 {size:g}" in text


def test_nothing_published_stands_beside_an_l2_run(tmp_path, capsys):
    victims = ("inception_v3", "inception_v4")
    flags = {"method": "m", "source": "inception_v3", "norm": "l2", "max_l2": 150.5}
    write_run(tmp_path, victims=victims, **flags)
    assert _csv(capsys, tmp_path, "--beside", "published")["published"].isna().all()
    text = _text(capsys, tmp_path, "--beside", "published")
    assert "source inception_v3, L2 bound 150.5." in text


def test_figures_name_the_l2_bound(l2_runs, tmp_path):
    curves = "equal_l2,success_epsilon,success_l2,accuracy,accuracy_by_confidence,image"
    assert figures.main(_drawing(l2_runs, tmp_path / "curves", curves)) == 0
    written = _texts(tmp_path / "curves")
    assert len(written) == 6
    for name in ("success_epsilon_if", "accuracy_if", "accuracy_by_confidence_if", "image_0000_if"):
        assert any(text.startswith("L2 bound") for text in written[name]), name
    # Two lines each.
    assert {"same", "L2 bound", "L2"} <= set(written["equal_l2"])
    assert any("below: L2 600" in text for text in written["equal_l2"])
    assert not [text for texts in written.values() for text in texts if "epsilon" in text.lower()]


def test_figures_of_one_bound_name_it(l2_runs, tmp_path):
    (run,) = l2_runs.rglob("l2_150.5")
    assert figures.main(_drawing(run, tmp_path, "cosine,strip,spectrum")) == 0
    for name, texts in _texts(tmp_path).items():
        assert any("L2 150.5" in text for text in texts), name
        assert not any("epsilon" in text.lower() for text in texts), name


def test_the_page_names_the_l2_bound(l2_runs, tmp_path):
    file = tmp_path / "report.html"
    options = ["--figures", "equal_l2,success_epsilon", "-o", str(file)]
    assert report.main([str(l2_runs), *options]) == 0
    page = file.read_text("utf-8")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == 2 and all("L2 bound" in caption for caption in captions)
    assert not any("epsilon" in caption for caption in captions)
    assert '<th scope="row">L2 bounds</th><td>150.5, 300, 600</td>' in page


def _drawing(runs, folder, names):
    return [str(runs), "-o", str(folder), "--formats", "svg", "--figures", names]


def _texts(folder):
    """File name -> the texts in it, which an SVG repeats in comments."""
    return {
        file.stem: re.findall(r"<!-- (.*?) -->", file.read_text("utf-8"), re.DOTALL)
        for file in folder.glob("*.svg")
    }
