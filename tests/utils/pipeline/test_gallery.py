"""Each image is decoded once for all victims and for the costs, and hashed once in a process."""

import shutil
import sys
from collections import Counter, OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
from runs import RUN

from data import decode_image, parallel_map, write_image
from scripts import judge as judge_script
from utils import hashes
from utils.pipeline import gallery
from utils.pipeline import judge as judge_module
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute
from utils.pipeline.run import Run

# The package has a function of the same name.
BATCHES = sys.modules["data.batches"]
# Those of `runs.SMALL` and `runs.NETWORKS`.
FLAGS = {
    "zoo": "demo",
    "limit": 12,
    "batch_size": 4,
    "num_iter": 2,
    "source": ["demo_vgg"],
    "victims": ["demo_vgg", "demo_resnet"],
}


@pytest.fixture
def folder(undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / RUN)
    return tmp_path / RUN


@pytest.fixture
def decoded(monkeypatch):
    """How often each file was decoded."""
    counts = Counter()

    def count(content, path):
        counts[path] += 1
        return decode_image(content, path)

    monkeypatch.setattr(BATCHES, "decode_image", count)
    return counts


def test_two_victims_and_the_costs_take_one_look_at_each_image(folder, undisturbed, decoded):
    assert judge_script.main([str(folder)]) == 0
    assert len(decoded) == 3 * 12 and set(decoded.values()) == {1}
    assert (folder / "transfer.csv").read_bytes() == (undisturbed / "transfer.csv").read_bytes()


@pytest.mark.parametrize(("pixels", "looks"), [(1 << 30, 1), (0, 2)])
def test_victims_that_dont_fit_together_come_in_turn(
    folder, undisturbed, decoded, monkeypatch, pixels, looks
):
    monkeypatch.setattr(judge_module, "WEIGHTS", 0)
    monkeypatch.setattr(gallery, "PIXELS", pixels)
    assert judge_script.main([str(folder)]) == 0
    assert set(decoded.values()) == {looks}
    for name in ("per_image.csv", "transfer.csv"):
        assert (folder / name).read_bytes() == (undisturbed / name).read_bytes()


@pytest.fixture
def read(monkeypatch):
    """How often each file was read to be hashed, as in a process that knows none of them."""
    counts = Counter()

    def count(path):
        counts[path] += 1
        return sha256_of(path)

    sha256_of = hashes.sha256_of
    monkeypatch.setattr(hashes, "sha256_of", count)
    monkeypatch.setattr(hashes, "_known", OrderedDict())
    again = SimpleNamespace(sha256=lambda _: pytest.fail("hashed a second time"))
    monkeypatch.setattr(hashes, "hashlib", again)
    return counts


def test_judging_again_hashes_each_image_once(folder, read):
    run = Run.reopen(folder)
    judge_module.judge_run(run)
    assert set(read.values()) == {1} and len(read) == 3 * 12


def test_a_resume_that_judges_hashes_and_decodes_each_image_once(
    folder, undisturbed, read, decoded, tmp_path
):
    (folder / ".progress" / "judged.jsonl").unlink()
    execute(RunConfig.of_flags(FLAGS | {"output_dir": str(tmp_path)}))
    # The checkpoints' files, too.
    images = [path for path in read if path.suffix == ".png"]
    assert set(read.values()) == {1} and len(images) == 3 * 12
    assert set(decoded.values()) == {1} and len(decoded) == 3 * 12
    assert (folder / "transfer.csv").read_bytes() == (undisturbed / "transfer.csv").read_bytes()


def test_a_run_decodes_originals_once_for_crafting_and_judging(decoded, tmp_path):
    execute(RunConfig.of_flags(FLAGS | {"output_dir": str(tmp_path), "limit": 2}))
    assert len(decoded) == 3 * 2 and set(decoded.values()) == {1}


def test_a_run_whose_originals_dont_all_fit_keeps_none(decoded, tmp_path, monkeypatch):
    one = 3 * 64**2
    monkeypatch.setattr(sys.modules["utils.pipeline.execute"], "ORIGINALS", 2 * one - 1)
    execute(RunConfig.of_flags(FLAGS | {"output_dir": str(tmp_path), "limit": 2}))
    png = {path: looks for path, looks in decoded.items() if tmp_path in path.parents}
    assert len(png) == 2 * 2 and set(png.values()) == {1}
    assert [looks for path, looks in decoded.items() if path not in png] == [2, 2]


def test_a_file_that_changed_is_hashed_again(tmp_path):
    path = tmp_path / "image.png"
    write_image(path, np.zeros((4, 4, 3), np.uint8))
    before = hashes.file_sha256(path)
    write_image(path, np.ones((4, 4, 3), np.uint8))
    assert hashes.file_sha256(path) != before


def test_whoever_takes_results_slowly_slows_the_threads_down(monkeypatch):
    monkeypatch.setattr(BATCHES, "processors", lambda: 2)
    begun = []
    results = parallel_map(lambda item: begun.append(item) or item, range(100), ahead=3)
    assert next(results) == 0
    assert len(begun) <= 6
    assert list(results) == list(range(1, 100))
