"""--image, and --input_dir without a CSV: what a run makes of photos, and its folder's contract."""

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from runs import RUN, results

from scripts import judge, verify
from utils.errors import DataError
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute
from utils.pipeline.photos import ids_of
from utils.pipeline.record import RunRecord
from utils.pipeline.session import Session
from utils.pipeline.tables import NAMES
from utils.sweeps.cell import Cell
from utils.sweeps.sweep import plan

PHOTO_RUN = "photo/demo/demo_vgg/if/eps16"
ANY = ("--num_iter=1", "--victims=demo_vgg")


@pytest.fixture(scope="module")
def photo(tmp_path_factory, demo):
    place = tmp_path_factory.mktemp("photos") / "photo.jpg"
    with Image.open(demo / "images" / "demo0002.png") as image:
        image.convert("RGB").resize((150, 100)).save(place, quality=95)
    return place


@pytest.fixture(scope="module")
def finished(runner, photo, tmp_path_factory):
    """A run on one photo, and what it printed."""
    output = tmp_path_factory.mktemp("one")
    return output, runner.run(output, f"--image={photo}", "--true_label=square", "--num_iter=1")


def test_the_photo_is_kept_square_beside_the_results(finished, photo):
    output, text = finished
    record = RunRecord.read(output / PHOTO_RUN)
    assert record.images == 1 and record.side == 64
    made = list((output / "photo/demo/demo_vgg/inputs").glob("photo-*/images/photo.png"))
    assert len(made) == 1 and Image.open(made[0]).size == (64, 64)
    assert str(made[0].parent) == record.flags.input_dir
    found = record.prepared.photos["photo"]
    assert (found.file, found.size, found.crop) == ("photo.jpg", [150, 100], [25, 0, 100])
    assert record.prepared.labels == "--true_label" and "TrueLabel is --true_label" in text
    assert record.flags.batch_size == 1
    written = json.loads((output / PHOTO_RUN / "run.json").read_text())
    assert written["flags"]["image"].endswith("photo.jpg")


def test_the_summary_names_classes_and_confidences_and_the_strip(finished):
    output, text = finished
    assert "photo, true label 3 square." in text
    for victim in ("demo_vgg", "demo_resnet"):
        line = next(line for line in text.splitlines() if line.startswith(f"{victim}  "))
        # Label, name and confidence: clean and of two modes.
        assert len(line.split()) == 1 + 3 * 3
    strip = output / f"{PHOTO_RUN}_strips" / "strip_photo_if.png"
    assert str(strip) in text and Image.open(strip).size[0] > 500


def test_its_folder_is_a_run_like_any_other(finished, capsys):
    folder = finished[0] / PHOTO_RUN
    assert verify.main([str(folder), "--predictions"]) == 0
    before = results(folder)
    assert judge.main([str(folder)]) == 0
    assert results(folder) == before
    rows = pd.read_csv(folder / "per_image.csv")
    assert rows["image_id"].unique().tolist() == ["photo"]
    # Names stand where they do when a list of them lies beside a CSV.
    assert list(rows.columns[-4:]) == list(NAMES.values())
    assert set(rows["true_name"]) == {"square"}


def test_the_same_command_goes_on_and_another_photo_is_refused(runner, finished, photo, tmp_path):
    output = finished[0]
    flags = ("--num_iter=1", "--true_label=3")
    text = runner.run(output, f"--image={photo}", *flags)
    assert "Crafting" not in text
    other = tmp_path / "photo.jpg"
    Image.new("RGB", (90, 90), "red").save(other)
    for changed in ((f"--image={other}", "--true_label=3"), (f"--image={photo}", "--true_label=4")):
        text = runner.run(output, "--num_iter=1", *changed, code=2)
        assert "holds a run on other images, or with other labels" in text


def test_lists_make_the_photo_once_and_tell_of_each_run(runner, photo, tmp_path):
    flags = (f"--image={photo}", "--true_label=square", "--method=fgsm", "--max_epsilon=4,8")
    text = runner.run(tmp_path, *flags, *ANY, "--shared_flags")
    assert text.count("Input: photo.jpg") == 2 and text.count("photo, true label 3 square.") == 2
    assert len(list(tmp_path.rglob("labels.csv"))) == 1
    assert len(list(tmp_path.rglob("strip_photo_fgsm.png"))) == 2


def test_a_sweep_counts_photos_before_they_are_made_and_knows_when_they_are_done(photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "disc.jpg").write_bytes(photo.read_bytes())
    (folder / "labels.csv").write_text("filename,label,targeted_label\ndisc.jpg,0,4\n")
    many = [
        {"image": str(photo)},
        {"input_dir": str(folder), "skip_missing_images": True},
        {"input_csv": str(folder / "labels.csv")},
    ]
    usual = {"source": ["demo_vgg"], "victims": ["demo_vgg"], "num_iter": 1, "max_epsilon": 4.0}
    cells = [
        Cell(RunConfig.of_flags(usual | flags | {"output_dir": str(tmp_path / str(number))}))
        for number, flags in enumerate(many)
    ]
    # labels.csv is a file of the folder, and no image.
    assert [(one.images, one.finished, one.problem) for one in plan(cells)] == [
        (1, False, ""),
        (2, False, ""),
        (1, False, ""),
    ]
    session = Session(1e9)
    for cell in cells:
        execute(cell.config, session)
    assert [(one.images, one.finished) for one in plan(cells)] == [(1, True)] * 3


def test_a_folder_without_labels_is_labelled_by_the_source(runner, photo, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "one photo.jpg").write_bytes(photo.read_bytes())
    Image.open(photo).save(photos / "two.webp")
    Image.open(photo).convert("L").save(photos / "two.bmp")
    (photos / "notes.txt").write_text("no image")
    (photos / ".hidden").write_text("")
    flags = (f"--input_dir={photos}", *ANY)
    text = runner.run(tmp_path / "out", *flags, code=1)
    assert f"{photos / 'notes.txt'} is no image" in text and "--skip_missing_images" in text
    assert not list((tmp_path / "out").rglob("*"))
    text = runner.run(tmp_path / "out", *flags, "--skip_missing_images")
    assert "Left out: 1 image(s) ('notes.txt').\n  Image" in text
    assert "TrueLabel is the clean prediction of demo_vgg" in text
    assert "(the clean prediction of demo_vgg). Label" in text and "true label" not in text
    record = RunRecord.read(tmp_path / "out" / RUN)
    assert set(record.prepared.photos) == {"one_photo", "two.bmp", "two.webp"}
    assert record.prepared.left_out == 1
    assert list(record.prepared.why_left_out) == [str(photos / "notes.txt")]
    table = pd.read_csv(tmp_path / "out" / RUN / "per_image.csv")
    source = table[table["victim"] == "demo_vgg"]
    assert len(source) == 6 and (source["true_label"] == source["clean_label"]).all()


def test_a_folder_that_the_zoos_csv_names_is_read_as_before(runner, demo, tmp_path, undisturbed):
    text = runner.run(tmp_path, f"--input_dir={demo / 'images'}")
    assert "Input:" not in text
    assert results(tmp_path / RUN) == results(undisturbed)


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("--image={photo}", "--input_dir={photo}"), 2, "--image is one photo"),
        (("--image=/no/where.jpg",), 1, "/no/where.jpg can't be read: No such file"),
        (("--image={here}",), 2, "is a folder: give it as --input_dir"),
        (("--input_dir={here}/empty",), 1, "holds no image"),
        (("--image={photo}", "--true_label=11"), 2, "labels are 1 to 10"),
        (("--image={photo}", "--label=3"), 2, "--true_label says what a photo shows"),
        (("--image={photo}", "--true_label=r"), 2, "fits"),
        (("--image={photo}", "--targeted"), 2, "needs a TargetClass"),
        (("--true_label=3",), 2, "--true_label is for --image"),
        (("--image={here}/broken.png",), 1, "broken.png is no image that can be read"),
        (("--image={photo}", "--class_names=/none", "--true_label=ring"), 1, "--class_names /none"),
    ],
)
def test_bad_input_gets_one_sentence(runner, photo, tmp_path, flags, code, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    filled = [each.format(photo=photo, here=tmp_path) for each in flags]
    text = runner.run(tmp_path / "out", *filled, code=code)
    assert said in text and "Traceback" not in text
    assert not list((tmp_path / "out").rglob("*.*"))


def test_names_are_kept_where_they_can_be_and_never_lead_out():
    paths = [Path(name) for name in ("a.jpg", "b.png", "b.webp", "..=cmd|$(x) ü.jpg", "-.png")]
    assert list(ids_of(paths)) == ["a", "b.png", "b.webp", "_cmd___x___", "_"]
    with pytest.raises(DataError, match="would both be called a_b.png"):
        ids_of([Path("a b.png"), Path("a_b.png")])


def test_another_tools_labels_count_from_0(runner, demo, photo, tmp_path):
    folder = tmp_path / "theirs"
    (folder / "images").mkdir(parents=True)
    for name in ("demo0000.png", "demo0001.png"):
        (folder / "images" / name).write_bytes((demo / "images" / name).read_bytes())
    (folder / "images" / "photo.jpg").write_bytes(photo.read_bytes())
    table = folder / "labels.csv"
    table.write_text(
        "filename,label,targeted_label\ndemo0000.png,0,4\ndemo0001.png,1,7\nphoto.jpg,2,9\n"
    )
    flags = (f"--input_csv={table}", *ANY)
    text = runner.run(tmp_path / "out", *flags, code=1)
    assert f"'demo0000.png' of {table} is missing" in text
    flags += (f"--input_dir={folder / 'images'}", "--targeted")
    text = runner.run(tmp_path / "out", *flags)
    assert f"{table}: read as labels_csv with 3 images" in text
    run = tmp_path / "out" / "demo/demo_vgg/if/eps16_targeted"
    rows = pd.read_csv(run / "per_image.csv").drop_duplicates("image_id")
    assert rows["true_label"].tolist() == [1, 2, 3]
    assert rows["target_class"].tolist() == [5, 8, 10]
    made = Path(RunRecord.read(run).flags.input_dir)
    theirs = [folder / "images" / "demo0000.png", made / "demo0000.png"]
    assert len({Image.open(each).convert("RGB").tobytes() for each in theirs}) == 1
    (folder / "images" / "photo.jpg").unlink()
    text = runner.run(tmp_path / "fewer", *flags, "--skip_missing_images")
    assert "1 image(s) ('photo.jpg')" in text
    text = runner.run(tmp_path / "none", "--label_offset=1", code=2)
    assert "--label_offset is for the --input_csv of another tool" in text
