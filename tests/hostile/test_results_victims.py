"""Victims that differ between the runs of a family: what there is is shown, the rest is blank."""

import itertools

import pytest

from scripts import figures, report, table
from tests.made_up_results import write_run
from utils.analysis.families import load_families

# One run each at epsilon 4, 8 and 16, with sign and affine.
SETS = {
    "growing": (("net_a", "net_b"), ("net_a", "net_b"), ("net_a", "net_b", "net_c")),
    "shrinking": (("net_a", "net_b", "net_c"), ("net_a", "net_b"), ("net_a",)),
    "apart": (("net_b",), ("net_c",), ("net_d",)),
    "white-box in one": (("net_b",), ("net_a", "net_b"), ("net_b",)),
    "white-box in all": (("net_a",), ("net_a",), ("net_a",)),
    "white-box and black-box": (("net_a",), ("net_b",), ("net_a",)),
    "black-box alone": (("net_b",), ("net_b",), ("net_b",)),
}
LAYOUTS = (["--layout", "paper"], ["--layout", "modes"], ["--equal_l2"], ["--beside", "published"])
FORMATS = ("markdown", "latex", "csv")
CURVES = "equal_l2,success_epsilon,success_l2,accuracy,accuracy_by_confidence,image,cosine,strip"


@pytest.fixture(scope="module", params=SETS)
def runs(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for epsilon, victims in zip((4.0, 8.0, 16.0), SETS[request.param], strict=True):
        write_run(folder, epsilon=epsilon, victims=victims, images=24, pngs=True)
    return folder


@pytest.mark.parametrize(("layout", "kind"), itertools.product(LAYOUTS, FORMATS))
def test_tables_show_what_there_is(runs, capsys, layout, kind):
    assert table.main([str(runs), *layout, "--format", kind]) == 0
    text = capsys.readouterr().out
    assert "nan" not in text
    for victim in {name for run in load_families([runs])[0].runs for name in run.record.victims}:
        assert victim in text or victim.replace("_", "\\_") in text or "--beside" in layout


def test_figures_show_what_there_is(runs, tmp_path):
    options = ["--figures", CURVES, "--formats", "svg", "-o", str(tmp_path)]
    assert figures.main([str(runs), *options]) == 0
    assert (tmp_path / "success_epsilon_if.svg").exists()
    assert (tmp_path / "strip_0000_if.svg").exists()
    for file in tmp_path.iterdir():
        assert "<!-- nan" not in file.read_text("utf-8")


def test_the_page_shows_what_there_is(runs, tmp_path):
    file = tmp_path / "report.html"
    assert report.main([str(runs), "-o", str(file), "--figures", CURVES]) == 0
    assert ">nan<" not in file.read_text("utf-8")


def test_means_are_over_what_all_runs_share(tmp_path, capsys):
    """Means over different victims stood in one column."""
    for epsilon, victims in ((8.0, ("net_a", "net_b")), (16.0, ("net_a", "net_b", "net_c"))):
        write_run(tmp_path, epsilon=epsilon, victims=victims)
    (family,) = load_families([tmp_path])
    assert family.black_box == ["net_b"]
    assert table.main([str(tmp_path), "--layout", "modes"]) == 0
    assert "the black-box mean is over net_b," in capsys.readouterr().out


def test_methods_may_differ_in_victims_modes_and_seeds(tmp_path, capsys):
    write_run(tmp_path / "0", "if", modes=("sign", "affine"))
    write_run(tmp_path / "1", "m", modes=("affine",), victims=("net_b",))
    write_run(tmp_path / "2", "n", modes=("sign",), victims=("net_a",))
    write_run(tmp_path / "3", "if", modes=("sign", "test"), seed=1, victims=("net_c",))
    for layout, kind in itertools.product(([], ["--layout", "modes"]), FORMATS):
        assert table.main([str(tmp_path), *layout, "--format", kind]) == 0
        assert "nan" not in capsys.readouterr().out
    options = ["--figures", CURVES.removesuffix(",strip"), "--formats", "png"]
    assert figures.main([str(tmp_path), *options, "-o", str(tmp_path / "f")]) == 0
    file = tmp_path / "report.html"
    assert report.main([str(tmp_path), "-o", str(file), "--figures", "cosine"]) == 0
