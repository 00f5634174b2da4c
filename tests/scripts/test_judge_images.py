"""PNGs of any tool: a run's own figures again, and each thing that is wrong with them named."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts import figures, judge, judge_images, table, verify

VICTIMS = "demo_vgg,demo_resnet"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory, demo):
    """Two folders of six demo images, pushed by 8 and by 4."""
    place = tmp_path_factory.mktemp("theirs")
    for name, step in (("strong", 8), ("weak", 4)):
        (place / name).mkdir()
        for number in range(6):
            clean = Image.open(demo / "images" / f"demo{number:04d}.png").convert("RGB")
            pixels = np.asarray(clean, np.int16)
            noise = np.random.default_rng(number).choice([-step, step], pixels.shape)
            moved = np.clip(pixels + noise, 0, 255).astype(np.uint8)
            Image.fromarray(moved).save(place / name / f"demo{number:04d}.png")
    return place


def run(theirs, output, *flags, victims=VICTIMS, names=("strong", "weak")):
    folders = [f"--adversarial_dir={name}={theirs / name}" for name in names]
    given = [*folders, f"--output_dir={output}", f"--victims={victims}", "--limit=6"]
    return judge_images.main([*given, "--max_epsilon=8", *flags])


@pytest.fixture(scope="module")
def judged(theirs, tmp_path_factory):
    output = tmp_path_factory.mktemp("judged") / "out"
    assert run(theirs, output) == 0
    return output


def test_it_has_a_runs_columns_and_compares_with_the_first(judged, undisturbed_columns):
    transfer = pd.read_csv(judged / "transfer.csv")
    assert list(transfer.columns) == undisturbed_columns["transfer.csv"]
    per_image = pd.read_csv(judged / "per_image.csv")
    assert list(per_image.columns) == undisturbed_columns["per_image.csv"]
    assert len(per_image) == 6 * 2 * 2 and set(transfer["images"]) == {6}
    weak = transfer[transfer["mode"] == "weak"]
    assert transfer[transfer["mode"] == "strong"]["gain_over_sign"].isna().all()
    assert weak["gain_over_sign"].notna().all() and weak["mcnemar_p"].notna().all()
    assert transfer.set_index("mode")["max_linf"].to_dict() == {"strong": 8, "weak": 4}
    similar = transfer.groupby("mode")["mean_ssim"].first()
    assert 0 < similar["strong"] < similar["weak"] < 1
    assert set(transfer["setting"]) == {"black-box"}


@pytest.fixture(scope="module")
def undisturbed_columns(runs_folder):
    return {
        name: (runs_folder / name).read_text().splitlines()[0].split(",")
        for name in ("transfer.csv", "per_image.csv")
    }


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory):
    from utils.pipeline.config import RunConfig
    from utils.pipeline.execute import execute

    flags = {"zoo": "demo", "source": ["demo_vgg"], "victims": ["demo_vgg"], "num_iter": 1}
    flags |= {"limit": 6, "output_dir": str(tmp_path_factory.mktemp("own"))}
    return execute(RunConfig.of_flags(flags))


def test_a_runs_own_pngs_get_its_own_figures(runs_folder, tmp_path):
    names = ("sign", "affine")
    assert (
        run(
            runs_folder,
            tmp_path,
            "--source=demo_vgg",
            "--max_epsilon=16",
            "--method=if",
            victims="demo_vgg",
            names=names,
        )
        == 0
    )
    assert (tmp_path / "per_image.csv").read_bytes() == (runs_folder / "per_image.csv").read_bytes()
    ours, own = (pd.read_csv(each / "transfer.csv") for each in (tmp_path, runs_folder))
    pd.testing.assert_frame_equal(ours.drop(columns="num_iter"), own.drop(columns="num_iter"))
    assert (tmp_path / "affine" / "demo0003.png").read_bytes() == (
        runs_folder / "affine" / "demo0003.png"
    ).read_bytes()


def test_tables_and_figures_read_its_folder(judged, tmp_path, capsys):
    assert table.main([str(judged)]) == 0
    assert "images" in capsys.readouterr().out
    flags = ["-o", str(tmp_path), "--figures", "strip", "--images", "demo0001", "--formats", "png"]
    assert figures.main([str(judged), *flags]) == 0
    assert len(list(tmp_path.glob("*.png"))) == 1
    for command in (judge, verify):
        assert command.main([str(judged)]) == 2
        assert "give the command of judge_images.py again" in capsys.readouterr().err


def test_the_same_command_goes_on_with_more_victims_and_other_images_are_refused(
    judged, theirs, tmp_path, capsys
):
    output = tmp_path / "out"
    shutil.copytree(judged, output)
    assert run(theirs, output, victims="demo_mobilenet") == 0
    assert set(pd.read_csv(output / "transfer.csv")["victim"]) == {
        "demo_vgg",
        "demo_resnet",
        "demo_mobilenet",
    }
    other = tmp_path / "other"
    shutil.copytree(theirs, other)
    shutil.copy(other / "strong" / "demo0000.png", other / "weak" / "demo0000.png")
    assert run(other, output) == 2
    assert "--adversarial_dir weak is another than in the run" in capsys.readouterr().err
    assert run(other, output, "--overwrite", victims="demo_vgg") == 0
    assert set(pd.read_csv(output / "transfer.csv")["victim"]) == {"demo_vgg"}


@pytest.fixture
def flawed(theirs, tmp_path):
    """One image missing, one of another size, one broken and one too far."""
    place = tmp_path / "flawed"
    shutil.copytree(theirs, place)
    (place / "weak" / "demo0000.png").unlink()
    Image.new("RGB", (32, 32)).save(place / "weak" / "demo0001.png")
    (place / "strong" / "demo0002.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Image.new("RGB", (64, 64)).save(place / "strong" / "demo0003.png")
    return place


def test_what_is_wrong_is_named_and_counted_and_refused(flawed, tmp_path, capsys):
    assert run(flawed, tmp_path / "out") == 1
    text = capsys.readouterr().err
    for part in (
        "1 missing: weak/demo0000",
        "1 of another size: weak/demo0001 (32, clean 64)",
        "1 broken: Image",
        "1 beyond the bound: strong/demo0003 (by ",
        "--on_problem drop",
    ):
        assert part in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("policy", "left"), [("drop", [4, 5]), ("keep", [3, 4, 5])])
def test_what_is_wrong_is_dropped_in_every_folder_or_kept(flawed, tmp_path, capsys, policy, left):
    output = tmp_path / "out"
    assert run(flawed, output, f"--on_problem={policy}", victims="demo_vgg") == 0
    assert ("Kept: 1 beyond the bound" in capsys.readouterr().out) == (policy == "keep")
    ids = [f"demo{number:04d}" for number in left]
    rows = pd.read_csv(output / "per_image.csv")
    assert all(list(group["image_id"]) == ids for _, group in rows.groupby("mode"))
    record = json.loads((output / "run.json").read_text())["judged_images"]
    assert record["policy"] == policy and len(record["problems"]) == 4
    assert sorted(record["folders"]) == ["strong", "weak"]


def test_labels_of_another_tool(theirs, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    labels.write_text("filename,label,targeted_label\ndemo0001.jpg,1,0\ndemo0004.png,4,0\n")
    assert run(theirs, tmp_path / "out", f"--input_csv={labels}", victims="demo_vgg") == 0
    assert "4 PNG(s) of strong are of no image of the CSV" in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "out" / "per_image.csv").drop_duplicates("image_id")
    assert rows[["image_id", "true_label", "true_name"]].to_numpy().tolist() == [
        ["demo0001", 2, "ring"],
        ["demo0004", 5, "star"],
    ]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--adversarial_dir=clean={here}"], "'clean' can't be a folder's name"),
        (["--adversarial_dir=../x={here}"], "can't be a folder's name"),
        (["--adversarial_dir=strong={here}"], "names strong twice"),
        (["--adversarial_dir=/no/where"], "/no/where is no folder"),
        (["--adversarial_dir=none={here}"], "holds no PNG"),
        (["--max_epsilon=-1"], "max_epsilon"),
        (["--victims=demo_vgg,demo_vgg"], "twice"),
        (["--victims=nobody"], "unknown network 'nobody'"),
        (["--targeted", "--input_csv={here}/labels.csv"], "TargetClass"),
    ],
)
def test_bad_flags_get_one_sentence(theirs, tmp_path, capsys, flags, said):
    (tmp_path / "labels.csv").write_text("ImageId,TrueLabel\ndemo0000,1\n")
    filled = [each.format(here=tmp_path) for each in flags]
    assert run(theirs, tmp_path / "out", *filled) in (1, 2)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_runs_own_folder_is_not_written_into(runs_folder, theirs, capsys):
    before = (runs_folder / "run.json").read_bytes()
    assert run(theirs, runs_folder, "--overwrite", victims="demo_vgg") == 2
    assert "holds a run of attack.py" in capsys.readouterr().err
    assert (runs_folder / "run.json").read_bytes() == before
