import io
import re
import shutil

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from scripts import figures, table
from tests.made_up_results import write_run, write_sweep
from utils.analysis.families import load_families
from utils.analysis.figures.matrix import AHEAD, BEHIND, COLOURS, gains_by_source
from utils.analysis.figures.selection import Choices, Selection
from utils.analysis.source_matrix import leads, matrix_rows, sources_of, victims_of
from utils.analysis.summary_rows import MEAN

VICTIMS = ("net_a", "net_a+jpeg75", "net_b", "net_c", "net_d")
MODES = ("sign", "affine", "test", "random")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    for source, victims in (("net_b", VICTIMS), ("net_a", VICTIMS), ("net_a+net_b", VICTIMS[:4])):
        for method in ("if", "fgsm"):
            write_run(folder, method, source=source, victims=victims, modes=MODES, images=24)
    return folder


def _written(folder, mode):
    tables = [pd.read_csv(file).assign(file=str(file)) for file in folder.rglob("transfer.csv")]
    rows = pd.concat(tables)
    rows["source"] = rows["file"].str.extract(r"imagenet/([^/]+)/")
    return rows[rows["mode"] == mode].set_index(["source", "method", "victim"])


def _numbers(text):
    return [float(number) for number in re.findall(r"[-+]\d+\.\d", text)]


def _rounded(row):
    """A gain with its limits, of which transfer.csv has one more decimal, itself rounded."""
    return pytest.approx([row["gain_over_sign"], row["gain_low"], row["gain_high"]], abs=0.0551)


def _lead(folder):
    return next(family for family in load_families([folder]) if leads(family))


def test_one_family_of_all_sources_leads(runs):
    families = load_families([runs])
    assert [len(family.peers) for family in families] == [2, 2, 2]
    assert [family.source for family in families if leads(family)] == ["net_a"]
    assert [f.source for f in sources_of(families[1])] == ["net_a", "net_b", "net_a+net_b"]


def test_other_runs_are_no_peers(tmp_path):
    write_run(tmp_path / "0", source="net_a", images=4)
    write_run(tmp_path / "1", source="net_b", images=4, num_iter=5)
    write_run(tmp_path / "2", source="net_c", images=4, weights={"net_b": "1" * 64})
    assert [family.peers for family in load_families([tmp_path])] == [(), (), ()]


def test_victims_stand_beside_their_networks(runs):
    rows = matrix_rows(_lead(runs))
    assert victims_of(rows) == ["net_a", "net_a+jpeg75", "net_b", "net_c", "net_d", MEAN]


@pytest.mark.parametrize("mode", ["affine", "test", "random"])
def test_csv_holds_transfer_csvs_own_figures(runs, capsys, mode):
    options = ["--layout", "matrix", "--modes", mode, "--format", "csv"]
    assert table.main([str(runs), *options]) == 0
    made = pd.read_csv(io.StringIO(capsys.readouterr().out))
    made = made[made["victim"] != MEAN].set_index(["source", "method", "victim"])
    written = _written(runs, mode)
    assert len(made) == len(written) == 2 * (5 + 5 + 4)
    columns = ["gain_over_sign", "gain_low", "gain_high", "setting"]
    pd.testing.assert_frame_equal(made.loc[written.index, columns], written[columns])


def test_markdown_has_sources_as_rows_and_marks_white_boxes(runs, capsys):
    assert table.main([str(runs), "--layout", "matrix"]) == 0
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if "|" in line]
    assert lines[0][1:] == ["net_a", "net_a+jpeg75", "net_b", "net_c", "net_d", f"{MEAN} |"]
    written = _written(runs, "affine")
    assert [line[0] for line in lines[2:6]] == [
        "| FGSM, affine",
        "| net_a",
        "| net_b",
        "| net_a+net_b",
    ]
    for source, line in zip(("net_a", "net_b", "net_a+net_b"), lines[3:6], strict=True):
        for victim, cell in zip(VICTIMS, line[1:], strict=False):
            if (source, "fgsm", victim) not in written.index:
                assert (source, victim, cell) == ("net_a+net_b", "net_d", "")
                continue
            row = written.loc[(source, "fgsm", victim)]
            assert _numbers(cell)[:3] == _rounded(row)
            assert ("†" in cell) == (row["setting"] == "white-box")


def _texts(folder, **choices):
    family = _lead(folder)
    ((_, figure), *_) = gains_by_source(Selection(family, Choices(("matrix",), **choices)))
    FigureCanvasAgg(figure).draw()
    return figure


@pytest.mark.parametrize("options", [{}, {"modes": ("test",), "methods": ("if",)}])
def test_the_figures_cells_say_what_transfer_csv_says(runs, options):
    figure = _texts(runs, **options)
    written = _written(runs, *options.get("modes", ["affine"]))
    shown = [axes for axes in figure.axes if axes.texts]
    assert len(shown) == (1 if options else 2)
    names = [
        label.get_text().replace("\n", " ").replace("+ ", "+")
        for label in shown[-1].get_xticklabels()
    ]
    sources = [label.get_text() for label in shown[0].get_yticklabels()]
    assert names == [*VICTIMS, MEAN] and sources == ["net_a", "net_b", "net_a+net_b"]
    for axes, method in zip(shown, ["if"] if options else ["fgsm", "if"], strict=True):
        gains, limits = axes.texts[::2], axes.texts[1::2]
        assert len(gains) == 6 + 6 + 5
        for gain, interval in zip(gains, limits, strict=True):
            x, y = gain.get_position()
            place = sources[round(y)], method, names[round(x)]
            if place[2] == MEAN:
                continue
            row = written.loc[place]
            assert _numbers(gain.get_text() + interval.get_text()) == _rounded(row)
            assert ("†" in gain.get_text()) == (row["setting"] == "white-box")


@pytest.mark.parametrize("count", [4, 12])
def test_texts_stay_in_their_cells_however_long_the_names(tmp_path, count):
    """More victims than fit side by side stand below each other."""
    names = [f"a_network_with_a_name_that_is_fifty_long_indeed_{i:02d}" for i in range(count // 2)]
    names += [f"{name}+jpeg75" for name in names]
    for source in names[:2]:
        write_run(tmp_path, source=source, victims=tuple(names), images=20)
    figure = _texts(tmp_path)
    renderer = figure.canvas.get_renderer()
    (axes,) = figure.axes
    down = axes.get_ylim()[0] + 0.5
    assert down == (2 if count == 4 else count + 1)
    box = axes.get_window_extent(renderer)
    for text in axes.texts:
        extent = text.get_window_extent(renderer)
        assert extent.width < box.width / (axes.get_xlim()[1] + 0.5)
        assert extent.height < box.height / down / 2
    for label in (*axes.get_yticklabels(), *axes.get_xticklabels()):
        extent = label.get_window_extent(renderer)
        assert extent.x0 > -1 and extent.y0 > -1 and extent.x1 < figure.bbox.x1 + 1
    assert figure.get_size_inches()[0] <= 7.3


def test_at_equal_l2_all_sources_that_were_swept_are_compared(tmp_path, capsys):
    for source in ("net_a", "net_b"):
        write_sweep(tmp_path, ("if",), (4, 8, 16), source=source, modes=MODES[:2], images=24)
    write_run(tmp_path, source="net_c", modes=MODES[:2], images=24)
    equal = ["--equal_l2", "--max_epsilon", "16"]
    assert table.main([str(tmp_path), *equal, "--layout", "matrix", "--format", "csv"]) == 0
    made = pd.read_csv(io.StringIO(capsys.readouterr().out))
    shutil.rmtree(tmp_path / "imagenet/net_c")
    assert table.main([str(tmp_path), *equal, "--format", "csv"]) == 0
    # The same figures as victim by victim.
    pd.testing.assert_frame_equal(made, pd.read_csv(io.StringIO(capsys.readouterr().out)))
    assert table.main([str(tmp_path), *equal, "--layout", "matrix"]) == 0
    row = made.set_index(["source", "victim"]).loc[("net_b", "net_a")]
    limits = f"[{row['low']:+.1f}, {row['high']:+.1f}]"
    line = next(
        text for text in capsys.readouterr().out.splitlines() if text.startswith("| net_b |")
    )
    assert f"{row['difference']:+.1f} {limits}" in line.split(" | ")[1]
    selection = Selection(_lead(tmp_path), Choices(("matrix",)))
    drawn = dict(gains_by_source(selection))
    assert list(drawn) == ["", "equal_l2"]
    texts = [text.get_text() for axes in drawn["equal_l2"].axes for text in axes.texts]
    assert len(texts) == 2 * 2 * 4 and limits in texts and "nan" not in "".join(texts)


def test_black_is_readable_on_every_colour_and_white_is_no_gain():
    for share in (0.0, 0.25, 0.75, 1.0):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in COLOURS(share)[:3]
        ]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert (luminance + 0.05) / 0.05 > 7
    assert COLOURS(0.0)[:3] == pytest.approx(to_rgb(BEHIND), abs=0.01)
    assert COLOURS(1.0)[:3] == pytest.approx(to_rgb(AHEAD), abs=0.01)
    assert COLOURS(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)


def test_what_cannot_be_shown_is_said(runs, tmp_path, capsys):
    for script, options in ((table, ["--layout", "matrix"]), (figures, ["--figures", "matrix"])):
        assert script.main([str(runs), *options, "--modes", "nobody"]) == 1
        told = "--modes holds 'nobody', which wasn't run: give some of sign, affine, test, random."
        assert told in capsys.readouterr().err
    assert table.main([str(runs), "--modes", "test"]) == 2
    assert "--modes is of --layout matrix" in capsys.readouterr().err
    options = ["--figures", "matrix", "--formats", "svg", "-o", str(tmp_path)]
    assert figures.main([str(runs), *options]) == 0
    assert capsys.readouterr().err.count("Not drawn: matrix: that of source net_a has it") == 2
    write_run(tmp_path / "r", modes=("sign",), images=4)
    assert table.main([str(tmp_path / "r"), "--layout", "matrix"]) == 1
    assert "sign alone" in capsys.readouterr().err
