"""A tree that moves as a whole is still judged; older folders are read as they were."""

import json
import os
import shutil

import pytest
from runs import RUN, results

from scripts import judge, verify
from utils.pipeline.moving import as_read, as_written
from utils.pipeline.record import RunRecord


@pytest.fixture
def tree(runner, demo, tmp_path):
    """Photos, labels, checkpoints and the run's folder, all below one."""
    tree = tmp_path / "tree"
    shutil.copytree(demo / "checkpoints", tree / "nets")
    shutil.copytree(demo / "images", tree / "photos")
    shutil.copy(demo / "dev_dataset.csv", tree / "labels.csv")
    flags = (f"--checkpoint_path={tree / 'nets'}", f"--input_dir={tree / 'photos'}")
    runner.run(tree / "results", *flags, f"--input_csv={tree / 'labels.csv'}")
    return tree


def test_a_tree_that_moved_is_judged_verified_and_continued(tree, runner, tmp_path, capsys):
    before = results(tree / "results" / RUN)
    content = json.loads((tree / "results" / RUN / "run.json").read_text())
    assert content["flags"]["input_dir"] == "../../../../../photos"
    assert content["victims"]["demo_vgg"]["checkpoint"] == "../../../../../nets/demo_vgg.ckpt"
    moved = tmp_path / "elsewhere" / "moved"
    moved.parent.mkdir()
    os.rename(tree, moved)
    folder = moved / "results" / RUN
    assert judge.main([str(folder)]) == 0
    assert verify.main([str(folder), "--predictions"]) == 0
    assert "Not checked" not in capsys.readouterr().out
    assert results(folder) == before
    flags = (f"--checkpoint_path={moved / 'nets'}", f"--input_dir={moved / 'photos'}")
    runner.run(moved / "results", *flags, f"--input_csv={moved / 'labels.csv'}")
    assert verify.main([str(folder)]) == 0


def test_a_folder_that_moved_alone_is_judged_too(tree, tmp_path, capsys):
    folder = tmp_path / "deep" / "er" / "moved"
    shutil.move(tree / "results" / RUN, folder)
    assert verify.main([str(folder), "--predictions"]) == 0
    assert judge.main([str(folder)]) == 0
    # What judge.py writes leads to the same places from there.
    assert verify.main([str(folder), "--predictions"]) == 0


def test_a_folder_of_absolute_paths_is_read(tree):
    folder = tree / "results" / RUN
    record = RunRecord.read(folder)
    old = record.model_dump()
    del old["written_in"]
    assert old["flags"]["input_dir"] == str(tree / "photos")
    (folder / "run.json").write_text(json.dumps(old))
    assert RunRecord.read(folder) == record
    assert verify.main([str(folder), "--predictions"]) == 0


def test_what_only_the_root_shares_stays_absolute(tmp_path):
    content = {"flags": {"input_dir": "/nowhere/x", "input_csv": str(tmp_path / "a" / "l.csv")}}
    written = as_written(content, tmp_path / "a")
    assert written["flags"] == {"input_dir": "/nowhere/x", "input_csv": "./l.csv"}
    assert as_read(written, tmp_path / "a")["flags"] == content["flags"]


@pytest.mark.parametrize("wrong", [None, 5, [], {"input_dir": 3}, {"input_dir": "./\0"}])
def test_whatever_stands_there_is_left_to_the_record(tmp_path, wrong):
    for place in ("/x", 7, ["a"], "\ud800"):
        content = {"flags": wrong, "victims": wrong, "sources": {"a": wrong}, "written_in": place}
        assert set(as_read(content, tmp_path)) == set(content)
