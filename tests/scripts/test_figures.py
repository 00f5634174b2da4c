from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts import figures
from tests.made_up_results import write_run, write_sweep
from utils.analysis.figures import FIGURES


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
        "success_epsilon_if",
        "success_l2_if",
        "accuracy_if",
        "accuracy_by_confidence_if",
        "image_0000_if",
        "cosine",
        "strip_0000_if",
        "spectrum_if",
    }
    assert len(FIGURES) == len(stems) == len(written) / 2
    for path in written:
        if path.endswith(".png"):
            pixels = np.asarray(Image.open(path).convert("L"))
            assert pixels.shape[1] > 700 and (pixels < 200).mean() > 0.005
        else:
            assert Path(path).read_bytes().startswith(b"%PDF-")


def test_the_same_results_give_the_same_bytes(sweep, tmp_path):
    for name in "ab":
        options = ["--figures", "equal_l2", "-o", str(tmp_path / name)]
        assert figures.main([str(sweep), *options]) == 0
    for kind in ("png", "pdf"):
        files = [(tmp_path / name / f"equal_l2.{kind}").read_bytes() for name in "ab"]
        assert files[0] == files[1]


def test_one_run_gives_what_it_can(tmp_path, capsys):
    write_run(tmp_path / "r", images=8)
    options = ["-o", str(tmp_path / "f"), "--figures", "equal_l2,success_l2,cosine"]
    assert figures.main([str(tmp_path / "r"), *options, "--formats", "png"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "f/cosine.png")]
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
