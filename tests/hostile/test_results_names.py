"""Names from files are text: read as they stand, and shown as text in every format."""

import csv
import html
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from scripts import figures, report, table
from tests.made_up_results import write_run, write_sweep
from utils.analysis import report as report_module
from utils.analysis.families import load_families

IDS = ["NA", "nan", "null", "None", "1e5", "007", "true", "False", "N/A", "-inf", "1_0", " x", ""]
NASTY = [
    "a|b",
    "$_$ and $x^2$",
    "two\nlines\r\nmore",
    "`code`",
    "<script>alert(1)</script>",
    "**bold** _it_ ~~no~~",
    "[link](http://nowhere)",
    "back\\slash\\|",
    "&amp; & # % { } ^ ~",
    "\u202egnp\u2028x",
    "_hidden",
    "[5pt] dimension",
    "*star",
]


def _rename(folder, old, new):
    """Gives a victim another name in every file of a run."""
    record = json.loads((folder / "run.json").read_text())
    record["victims"] = {new if n == old else n: v for n, v in record["victims"].items()}
    (folder / "run.json").write_text(json.dumps(record))
    for file in folder.glob("*.csv"):
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
        rows.replace({old: new}).to_csv(file, index=False, lineterminator="\n")


def test_image_ids_are_names(tmp_path):
    write_run(tmp_path, ids=IDS)
    (family,) = load_families([tmp_path])
    assert family.image_ids == IDS
    assert family.l2.notna().all(axis=None) and family.success.notna().all(axis=None)


@pytest.mark.parametrize("name", ["NA", "nan", "null", "None", "1e5", "007", "true", "1"])
@pytest.mark.parametrize("options", [[], ["--layout", "modes"], ["--equal_l2"]])
def test_victims_are_names(tmp_path, capsys, name, options):
    for epsilon in (4.0, 8.0, 16.0):
        _rename(write_run(tmp_path, epsilon=epsilon), "net_b", name)
    assert table.main([str(tmp_path), *options]) == 0
    assert f"| {name} |" in capsys.readouterr().out
    assert table.main([str(tmp_path), *options, "--format", "csv"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {line["victim"] for line in lines} == {"net_a", name, "net_c", "black-box mean"}
    wanted = "difference" if "--equal_l2" in options else "success_rate"
    assert any(line[wanted] for line in lines if line["victim"] == name)


def test_a_figure_of_a_single_image_takes_any_name(tmp_path, capsys):
    names = [name for name in IDS if name and "/" not in name]
    write_run(tmp_path / "r", ids=names, pngs=True)
    for name in names:
        options = ["--figures", "strip", f"--images={name}", "--formats", "png"]
        assert figures.main([str(tmp_path / "r"), "-o", str(tmp_path / "f"), *options]) == 0
    assert len(list((tmp_path / "f").iterdir())) == len(names)


@pytest.mark.parametrize("name", NASTY)
def test_markdown_holds_names_as_text(tmp_path, capsys, name):
    _rename(write_run(tmp_path), "net_b", name)
    for options in ([], ["--layout", "modes"]):
        assert table.main([str(tmp_path), *options]) == 0
        lines = capsys.readouterr().out.split("\n")
        rows = [line for line in lines if line.startswith("|")]
        # Fields are parted by what no backslash takes away.
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows}) == 1
        assert all(line == "" or line[0] in "#|-" for line in lines)
        head = rows[0]
        for mark in ("<", "`", "$", "~~"):
            assert not re.search(rf"(?<!\\){re.escape(mark)}(?! )", head), head
        assert not re.search(r"(?<!\\)\]\(", head)
        assert "\u202e" not in head and "\u2028" not in head
        assert not re.search(r"(?<!\\)\*\*bold|(?<!\\) _it", head)


@pytest.mark.parametrize("name", NASTY)
def test_latex_holds_names_as_text(tmp_path, capsys, name):
    _rename(write_run(tmp_path, method="m"), "net_b", name)
    assert table.main([str(tmp_path), "--format", "latex"]) == 0
    text = capsys.readouterr().out
    assert "\n\n" not in text.strip()
    rows = [line for line in text.split("\n") if line.endswith("\\\\")]
    assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
    # After \\ and rules an argument may stand.
    assert not any(row.startswith(("[", "*")) for row in rows)
    plain = re.sub(r"\\[&%$#_{}]|\\text\w+\{\}|\$[|<>-]\$", "", rows[0])
    assert not re.search(r"[#%~^_]", re.sub(r"\$\^\{\\dagger\}\$", "", plain))


@pytest.mark.parametrize("name", NASTY)
def test_the_page_holds_names_as_text(tmp_path, name):
    for epsilon in (4.0, 8.0):
        _rename(write_run(tmp_path / "r", images=4, epsilon=epsilon), "net_b", name)
    file = tmp_path / "report.html"
    assert report.main([str(tmp_path / "r"), "-o", str(file), "--figures", "cosine"]) == 0
    page = file.read_text("utf-8")
    tags = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: tags.append(tag)
    reader.feed(page)
    # The page's own, which is the same whatever the names are.
    own = (Path(report_module.__file__).parent / "report.js").read_text("utf-8")
    assert tags.count("script") == 1 and page.count("<script") == page.count(f"<script>{own}") == 1
    assert tags.count("table") >= 2
    if "<" in name:
        assert html.escape(name) in page


@pytest.mark.parametrize("name", NASTY)
def test_figures_hold_names_as_text(tmp_path, name, recwarn):
    modes = ("sign", "affine", name)
    for epsilon in (4.0, 8.0):
        folder = write_run(tmp_path / "r", images=4, epsilon=epsilon, modes=modes)
        _rename(folder, "net_b", name)
    kinds = "equal_l2,success_epsilon,accuracy,cosine,image"
    options = ["--figures", kinds, "--formats", "svg", "-o", str(tmp_path / "f")]
    assert figures.main([str(tmp_path / "r"), *options]) == 0
    shown = re.sub(r"[\n\r\u202e\u2028]", " ", name)
    shown = shown if shown[0] != "_" else " " + shown
    for file in (tmp_path / "f").glob("success_*.svg"):
        texts = re.findall(r"<!-- (.*?) -->", file.read_text("utf-8"), re.DOTALL)
        # SVG's comments have entities, and no two hyphens.
        texts = [html.unescape(text) for text in texts]
        # As a panel's title and as a mode in the legend.
        assert texts.count(shown) == 2 or shown[0] == " ", texts
        assert [text.strip() for text in texts].count(shown.strip()) == 2, texts


def test_a_title_may_hold_anything(tmp_path, capsys):
    for number, value in enumerate(("$_$|`<x>\n# new", "plain")):
        folder = write_run(tmp_path / str(number))
        record = json.loads((folder / "run.json").read_text())
        record["flags"]["loss"] = record["identity"]["flags"]["loss"] = value
        record["method_title"] = f"M{value}"
        (folder / "run.json").write_text(json.dumps(record))
    assert table.main([str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "\n# new" not in text and "\\$\\_\\$\\|\\`\\<x>" in text


def test_the_pages_of_a_run_with_a_hostile_image_name(tmp_path):
    write_sweep(tmp_path / "r", methods=("if",), epsilons=(4, 8), ids=["$_$", "a b"], images=2)
    options = ["--figures", "image", "--images", "$_$", "--formats", "svg"]
    assert figures.main([str(tmp_path / "r"), "-o", str(tmp_path / "f"), *options]) == 0
    (file,) = (tmp_path / "f").iterdir()
    assert "Image $_$ (" in file.read_text("utf-8")
