"""The paper's grid with what is there: empty files stand for the checkpoints."""

from dataclasses import replace
from pathlib import Path

import pytest

from utils.errors import RunError, UnknownNetwork
from utils.sweeps.grid import read_grid
from utils.sweeps.missing import leave_out_missing, on_zoo

PAPER = Path(__file__).resolve().parents[3] / "scripts" / "grids" / "paper.yaml"


@pytest.fixture
def paper(tmp_path, demo):
    """Returns the paper's grid on the demo zoo's images, after making checkpoints."""

    def make(*networks, **flags):
        for name in networks:
            (tmp_path / f"{name}.ckpt").touch()
        places = {"input_csv": str(demo / "dev_dataset.csv"), "input_dir": str(demo / "images")}
        places |= {"checkpoint_path": str(tmp_path), "limit": 3}
        return read_grid(PAPER).with_flags(**(places | flags))

    return make


def test_missing_victims_are_named_and_left_out(paper, tmp_path):
    grid, remarks = leave_out_missing(paper("vgg_16", "inception_v3", "resnet_v2_50"))
    assert grid.sources == ("inception_v3",) and grid.victims == ("inception_v3", "vgg_16")
    assert len(grid.methods) == 14 and grid.modes == ("sign", "affine", "test")
    (remark,) = remarks
    assert remark.startswith(f"Missing in {tmp_path}: inception_v4, resnet_v2_152, ")
    assert "vgg_16" not in remark and "fetch_checkpoints.sh" in remark
    assert dict(grid.flags)["skip_missing_images"]
    assert all(cell.config.victims == grid.victims for cell in grid.cells())


def test_with_few_victims_all_that_is_there_is_judged_on(paper):
    grid = replace(paper("mobilenet_v2_1.0_224", "vgg_16"), sources=("mobilenet_v2_1.0_224",))
    grid, remarks = leave_out_missing(grid)
    assert grid.victims == ("mobilenet_v2_1.0_224", "vgg_16")
    assert remarks[1] == "Judging on what is there: vgg_16, mobilenet_v2_1.0_224."


def test_without_the_source_it_says_what_is_there(paper, tmp_path):
    with pytest.raises(RunError, match="inception_v3 has no checkpoint in") as error:
        leave_out_missing(paper("vgg_16"))
    assert "(there: vgg_16)" in str(error.value) and "--zoo demo" in str(error.value)
    with pytest.raises(RunError, match="there: none"):
        leave_out_missing(paper(checkpoint_path=str(tmp_path / "nowhere")))


def test_missing_images_are_counted(paper, tmp_path, demo):
    images = tmp_path / "images"
    images.mkdir()
    kept = sorted((demo / "images").glob("*.png"))[:2]
    for image in kept:
        (images / image.name).write_bytes(image.read_bytes())
    everything = len((demo / "dev_dataset.csv").read_text().splitlines()) - 1
    grid = paper("inception_v3", "vgg_16", input_dir=images)
    remark = leave_out_missing(grid)[1][-1]
    assert remark.startswith(f"Missing in {images}: {everything - 2} images of ")


def test_another_zoo_has_its_own_source_and_victims(demo):
    if not (demo / "checkpoints" / "demo_inception.ckpt.index").exists():
        pytest.skip("the demo zoo's checkpoints are not here")
    grid, remarks = leave_out_missing(on_zoo(read_grid(PAPER), "demo"))
    assert grid.sources == ("demo_inception",) and remarks == []
    assert grid.victims[0] == "demo_inception" and len(grid.victims) == 7
    same = on_zoo(read_grid(PAPER), "imagenet")
    assert same.sources == ("inception_v3",) and len(same.victims) == 9


def test_a_name_of_no_network_is_not_just_missing(paper):
    grid = replace(paper("inception_v3"), victims=("inceptoin_v3",))
    with pytest.raises(UnknownNetwork, match="inceptoin_v3"):
        leave_out_missing(grid)
