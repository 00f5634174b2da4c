import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from scripts import figures
from tests.made_up_results import before_ssim, write_run, write_sweep
from utils.analysis.families import Attack, load_families
from utils.analysis.figures import FIGURES
from utils.analysis.figures.drawing import figures_of
from utils.analysis.figures.selection import Choices, NotDrawn, Selection
from utils.analysis.figures.style import panels, x_label
from utils.analysis.figures.success import draw_success, success_over_ssim
from utils.analysis.summary_rows import summary_rows


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    modes = ("sign", "affine", "test")
    return write_sweep(folder, methods=("if",), modes=modes, images=24, pngs=True)


def test_draws_every_kind_as_png_and_pdf(sweep, tmp_path, capsys):
    names = tmp_path / "names.txt"
    names.write_text("\n".join(["background", *"abcdefghij"]))
    assert figures.main([str(sweep), "-o", str(tmp_path), "--class_names", str(names)]) == 0
    written = capsys.readouterr().out.split()
    stems = {path.rsplit("/", 1)[1].rsplit(".", 1)[0] for path in written}
    assert stems == {
        "equal_l2",
        "rates",
        "matrix",
        "matrix_equal_l2",
        "success_epsilon_if",
        "success_l2_if",
        "success_ssim_if",
        "accuracy_if",
        "accuracy_by_confidence_if",
        "image_0000_if",
        "cosine",
        "strip_0000_if",
        "contact_if",
        "spectrum_if",
    }
    # Over iterations there is nothing in runs of one number of them; of a matrix there are two.
    assert len(FIGURES) - 1 == len(stems) - 1 == len(written) / 2 - 1
    for path in written:
        if path.endswith(".png"):
            pixels = np.asarray(Image.open(path).convert("L"))
            assert pixels.shape[1] > 700 and (pixels < 200).mean() > 0.005
        else:
            assert Path(path).read_bytes().startswith(b"%PDF-")


def _drawn(folder, tmp_path, *options):
    """The texts of the figures in order of their files."""
    arguments = [str(folder), "-o", str(tmp_path), "--formats", "svg", *options]
    assert figures.main(arguments) == 0
    texts = {}
    for file in sorted(tmp_path.glob("*.svg")):
        found = re.findall(r"<!-- (.*?) -->", file.read_text("utf-8"), re.DOTALL)
        texts[file.stem] = [html.unescape(text) for text in found]
    return texts


def test_axes_have_units_and_curves_begin_at_the_clean_images(tmp_path):
    folder = write_sweep(tmp_path / "r", methods=("if",), images=20, clean_errors=5)
    texts = _drawn(
        folder, tmp_path, "--figures", "success_epsilon,success_l2,success_ssim,equal_l2"
    )
    assert "1 - mean SSIM" in texts["success_ssim_if"]
    assert "epsilon, of 255" in texts["success_epsilon_if"]
    assert "mean L2, in [0, 255] units" in texts["success_l2_if"]
    (family,) = load_families([folder])
    rows = summary_rows(family)
    axes = Figure().subplots()
    draw_success(axes, rows[rows["victim"] == "net_b"], "size")
    for line in axes.lines:
        assert (line.get_xdata()[0], line.get_ydata()[0]) == (0, 25)
    axes = Figure().subplots()
    draw_success(axes, rows[(rows["victim"] == "net_b") & (rows["size"] == 8)], "size")
    assert [list(line.get_xdata()) for line in axes.lines] == [[8], [8]]


def test_success_over_ssim_goes_right_where_more_is_visible(tmp_path, capsys):
    write_sweep(tmp_path / "r", methods=("if",), images=20, epsilons=(4, 8))
    (family,) = load_families([tmp_path / "r"])
    ((suffix, figure),) = success_over_ssim(Selection(family, Choices(())))
    sign, affine = figure.axes[0].lines
    means = [family.transfer_of(Attack("if", e, "sign"))["mean_ssim"].mean() for e in (4.0, 8.0)]
    assert suffix == "if"
    # Tables' rows are means of what per_image.csv rounds.
    assert sign.get_xdata() == pytest.approx([0, 1 - means[0], 1 - means[1]], abs=1e-5)
    assert sign.get_xdata()[2] > affine.get_xdata()[2] > affine.get_xdata()[1] > 0
    before_ssim(tmp_path / "r")
    options = ["--figures", "success_ssim,rates", "--formats", "svg", "-o", str(tmp_path / "f")]
    assert figures.main([str(tmp_path / "r"), *options]) == 0
    assert "Not drawn: success_ssim: it needs SSIM" in capsys.readouterr().err
    assert [file.stem for file in (tmp_path / "f").iterdir()] == ["rates"]


@pytest.mark.parametrize("columns", [1, 2, 4])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_each_column_ends_in_numbers_and_a_name(count, columns):
    """Of five panels, three had none."""
    _, axes = panels(count, columns=columns, sharex=True)
    x_label(axes, "epsilon")
    for column in range(min(columns, count)):
        lowest = axes[column :: min(columns, count)][-1]
        assert lowest.get_xlabel() == "epsilon"
        assert lowest.xaxis.get_tick_params()["labelbottom"]


def _all(axis):
    return [text for tick in axis.majorTicks for text in (tick.label1, tick.label2)]


def _ends(figure):
    """Every text but the axes' numbers, with its left and right end in pixels."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    numbers = {t for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for t in _all(axis)}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in numbers:
            box = text.get_window_extent(renderer)
            yield text.get_text(), box.x0, box.x1


@pytest.mark.parametrize("methods", [("if",), ("if", "m", "fgsm", "n", "d")])
@pytest.mark.parametrize("victims", [1, 9])
def test_nothing_is_cut_at_the_edges(tmp_path, methods, victims):
    """Figures of one method lost legend and caption; names of 60 characters ran over."""
    names = tuple(f"a_network_with_a_name_that_is_sixty_characters_long_{i:08d}" for i in range(9))
    names = names[:victims]
    write_sweep(
        tmp_path,
        methods=methods,
        epsilons=(4, 8, 16),
        images=20,
        source=names[0] if victims > 1 else "other",
        victims=names,
        modes=("sign", "affine", "test"),
    )
    (family,) = load_families([tmp_path])
    kinds = ("equal_l2", "rates", "matrix", "success_epsilon", "accuracy", "image", "cosine")
    for name, kind, figure in figures_of(Selection(family, Choices(kinds)), kinds):
        assert not isinstance(figure, NotDrawn), (name, kind)
        FigureCanvasAgg(figure)
        # However many methods, it fits a page.
        assert figure.get_size_inches()[0] < 7.3
        width = figure.get_size_inches()[0] * figure.dpi
        for text, left, right in _ends(figure):
            assert left > -1 and right < width + 1, (kind, text)


def test_names_are_found_beside_the_csv(tmp_path):
    write_run(tmp_path / "r", images=4, pngs=True)
    for file in (tmp_path / "r").rglob("run.json"):
        record = json.loads(file.read_text())
        record["flags"]["input_csv"] = str(tmp_path / "labels.csv")
        file.write_text(json.dumps(record))
    (tmp_path / "class_names.txt").write_text("\n".join(["background", "auk", *"bcdefghij"]))
    texts = _drawn(tmp_path / "r", tmp_path / "f", "--figures", "strip,contact")
    assert any("1 auk" in text for text in texts["strip_0000_if"])
    assert any("of 2 flip" in text for text in texts["contact_if"])


def test_the_same_results_give_the_same_bytes(sweep, tmp_path):
    for name in "ab":
        options = ["--figures", "equal_l2", "--formats", "png,pdf,svg", "-o", str(tmp_path / name)]
        assert figures.main([str(sweep), *options]) == 0
    for kind in ("png", "pdf", "svg"):
        files = [(tmp_path / name / f"equal_l2.{kind}").read_bytes() for name in "ab"]
        assert files[0] == files[1]


def test_one_run_gives_what_it_can(tmp_path, capsys):
    write_run(tmp_path / "r", images=8)
    options = ["-o", str(tmp_path / "f"), "--figures", "equal_l2,success_l2,rates,cosine"]
    assert figures.main([str(tmp_path / "r"), *options, "--formats", "png"]) == 0
    told = capsys.readouterr()
    # A run without a sweep has a chart, too.
    assert told.out.split() == [str(tmp_path / f"f/{name}.png") for name in ("rates", "cosine")]
    assert told.err.splitlines() == [
        "Not drawn: equal_l2: it needs sign at several bounds (sign_epsilons in a grid of "
        "sweep.py).",
        "Not drawn: success_l2_if: curves need several epsilons (sweep.py), and this was run at "
        "one.",
    ]
    assert figures.main([str(tmp_path / "r"), "--figures", "success_l2"]) == 1
    assert "several epsilons" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--figures", "pie"], "--figures holds 'pie'"),
        (["--formats", "bmp"], "--formats holds 'bmp'"),
        (["--images", "nobody"], "Image nobody is not in these results"),
        (["--class_names", "/no/where"], "--class_names /no/where can't be read"),
    ],
)
def test_what_is_wrong_is_named(sweep, tmp_path, capsys, options, sentence):
    assert figures.main([str(sweep), "-o", str(tmp_path), *options]) == 1
    assert sentence in capsys.readouterr().err
