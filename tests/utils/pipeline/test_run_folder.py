import pytest
from records import record_of

from utils.errors import RunError, UsageError
from utils.pipeline.folder import open_run_folder
from utils.pipeline.journals import CraftedImage
from utils.pipeline.record import Identity

IDENTITY = Identity(flags={"seed": 0, "limit": None}, content={"--input_csv": "abc"})


def open_and_close(path, output_dir):
    with open_run_folder(path, output_dir):
        pass


@pytest.fixture
def folder(tmp_path):
    with open_run_folder(tmp_path / "out" / "run", tmp_path / "out") as found:
        yield found


def test_images_without_a_run_json_are_not_mixed_with(folder):
    assert folder.read_earlier(IDENTITY) is None
    (folder.path / "sign").mkdir()
    with pytest.raises(UsageError, match="holds images without a run.json"):
        folder.read_earlier(IDENTITY)


def test_a_run_is_continued_by_its_like_alone(folder):
    record = record_of(identity=IDENTITY)
    record.write(folder.path)
    assert folder.read_earlier(IDENTITY) == record
    other = Identity(flags={"seed": 1}, content=IDENTITY.content)
    with pytest.raises(UsageError, match="--seed is 1, but"):
        folder.read_earlier(other)


def test_clear_removes_what_a_run_leaves_and_nothing_else(folder):
    record_of().write(folder.path)
    (folder.path / "transfer.csv").write_text("x")
    (folder.path / "notes.txt").write_text("mine")
    for mode, image_id in (("sign", "a"), ("sign", "b"), ("affine", "b"), ("affine", "mine")):
        folder.png(mode, image_id).parent.mkdir(exist_ok=True)
        folder.png(mode, image_id).write_bytes(b"x")
    record = {"mode": "sign", "group": ["sign"], "image_sha256": "", "png_sha256": ""}
    record |= {"cosine": [0.5], "zero_share": 0.0}
    ids = ("b", "../notes", "../../outside")
    (folder.path.parent / "outside.png").write_bytes(b"x")
    folder.crafted.append([CraftedImage(**record, image_id=each) for each in ids])
    folder.clear(["a", "b"])
    left = sorted(str(p.relative_to(folder.path)) for p in folder.path.rglob("*"))
    assert left == [".progress", ".progress/lock", "affine", "affine/mine.png", "notes.txt"]
    assert (folder.path.parent / "outside.png").exists()


def test_a_second_opening_is_refused_until_the_first_ends(tmp_path):
    path = tmp_path / "run"
    refused = pytest.raises(RunError, match="Another process is writing to")
    with open_run_folder(path, tmp_path), refused:
        open_and_close(path, tmp_path)
    open_and_close(path, tmp_path)


def test_partial_files_of_a_killed_run_are_removed(tmp_path):
    (tmp_path / "sign").mkdir(parents=True)
    for place in (tmp_path / ".x.partial", tmp_path / "sign" / ".y.partial"):
        place.write_bytes(b"half")
    with open_run_folder(tmp_path, tmp_path):
        assert not list(tmp_path.rglob(".*.partial"))


@pytest.mark.parametrize(
    "place",
    [
        ".",
        "zoo",
        "zoo/run",
        "zoo/run/sign",
        "zoo/run/run.json",
        "zoo/run/transfer.csv",
        "zoo/run/.progress",
        "zoo/run/.progress/lock",
        "zoo/run/.progress/judged.jsonl",
    ],
)
def test_a_symbolic_link_is_refused_and_its_target_untouched(tmp_path, place):
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    link = out / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    with pytest.raises(UsageError, match="is a symbolic link to .*--output_dir"):
        open_and_close(out / "zoo" / "run", out)
    assert list(outside.iterdir()) == []


def test_a_file_in_the_folders_place(tmp_path):
    (tmp_path / "zoo").write_text("x")
    with pytest.raises(RunError, match="can't be written.*--output_dir"):
        open_and_close(tmp_path / "zoo" / "run", tmp_path)
