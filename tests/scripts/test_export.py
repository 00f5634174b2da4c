"""What an export leaves is what other tools read, and what this program reads back."""

import pandas as pd
import pytest

from data.foreign_labels import read_foreign_labels
from scripts import export, judge_images
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    flags = {"zoo": "demo", "source": ["demo_vgg"], "victims": ["demo_vgg"], "num_iter": 1}
    flags |= {"limit": 4, "output_dir": str(tmp_path_factory.mktemp("run"))}
    return execute(RunConfig.of_flags(flags))


@pytest.mark.parametrize(
    ("kind", "name", "first"),
    [
        ("labels_csv", "labels.csv", "filename,label,targeted_label\ndemo0000.png,0,4\n"),
        ("class_index", "class_index.csv", "class_index,class,image_name\n0,disc,demo0000.png\n"),
        ("json_lines", "labels.jsonl", '["demo0000.png", 0]\n'),
    ],
)
def test_labels_count_from_0_and_are_read_back(finished, tmp_path, kind, name, first):
    out = tmp_path / "out"
    assert export.main([str(finished), "-o", str(out), "--format", kind, "--modes=affine"]) == 0
    assert (out / name).read_text().startswith(first)
    found = read_foreign_labels(out / name, 10)
    assert found.format == kind and [row.label for row in found.rows] == [1, 2, 3, 4]
    assert sorted(each.name for each in out.iterdir()) == sorted(["affine", "images", name])
    for image_id in ("demo0000", "demo0003"):
        made, own = (place / "affine" / f"{image_id}.png" for place in (out, finished))
        assert made.read_bytes() == own.read_bytes()


def test_the_way_there_and_back_gives_the_runs_figures(finished, tmp_path):
    out = tmp_path / "out"
    assert export.main([str(finished), "-o", str(out)]) == 0
    arguments = [f"--adversarial_dir={out / mode}" for mode in ("sign", "affine")]
    arguments += [f"--input_csv={out / 'labels.csv'}", f"--input_dir={out / 'images'}"]
    arguments += ["--victims=demo_vgg", "--source=demo_vgg", f"--output_dir={tmp_path / 'again'}"]
    assert judge_images.main(arguments) == 0
    columns = ["image_id", "true_label", "target_class", "adversarial_label", "l2"]
    again, own = (pd.read_csv(p / "per_image.csv") for p in (tmp_path / "again", finished))
    pd.testing.assert_frame_equal(again[columns], own[columns])


def test_bad_input_gets_one_sentence_and_writes_nothing(finished, tmp_path, capsys):
    out = tmp_path / "out"
    for arguments, said in (
        ([str(tmp_path)], "holds no run.json"),
        ([str(finished), "--modes=raw"], "--modes holds 'raw', and this run has sign, affine"),
        ([str(finished), "-o", str(finished)], "isn't empty"),
    ):
        assert export.main(["-o", str(out), *arguments]) == 2
        assert said in capsys.readouterr().err
    png = finished / "affine" / "demo0002.png"
    content = png.read_bytes()
    png.write_bytes(content[:99])
    try:
        assert export.main([str(finished), "-o", str(out)]) == 1
        assert "demo0002.png is broken" in capsys.readouterr().err
    finally:
        png.write_bytes(content)
    assert not out.exists()
