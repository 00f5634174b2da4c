"""When a cell is done: the same recipe on the same images with the same victims."""

import shutil

import pytest
from runs import RUN

from utils.pipeline.config import RunConfig
from utils.sweeps.cell import Cell
from utils.sweeps.sweep import plan


@pytest.fixture
def planned(undisturbed, demo, tmp_path):
    """Plans the undisturbed run again, over copies of what it used, with some flags changed."""
    shutil.copytree(undisturbed, tmp_path / "out" / RUN)
    shutil.copytree(demo / "images", tmp_path / "images")
    shutil.copytree(demo / "checkpoints", tmp_path / "checkpoints")

    def one(**changes):
        flags = {"source": ("demo_vgg",), "victims": ("demo_vgg", "demo_resnet"), "limit": 12}
        flags |= {"batch_size": 4, "num_iter": 2, "output_dir": str(tmp_path / "out")}
        flags |= {"input_dir": str(tmp_path / "images")}
        flags |= {"checkpoint_path": str(tmp_path / "checkpoints")}
        return plan([Cell(RunConfig.of_flags(flags | changes))])[0]

    return one


def test_what_is_there_is_done(planned):
    assert planned().finished
    assert planned(victims=("demo_vgg",)).finished
    assert not planned(mode=("affine", "raw")).finished
    assert not planned(max_epsilon=16.000001).finished


def test_a_changed_image_is_not_done(planned, tmp_path):
    images = sorted((tmp_path / "images").iterdir())
    shutil.copy(images[-1], images[3])
    assert not planned().finished


def test_a_changed_victim_is_not_done(planned, tmp_path):
    (data,) = (tmp_path / "checkpoints").glob("demo_resnet.ckpt.data*")
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    assert not planned().finished


@pytest.mark.parametrize("name", ["transfer.csv", "per_image.csv", "steps.csv"])
def test_a_missing_table_is_not_done(planned, tmp_path, name):
    (tmp_path / "out" / RUN / name).unlink()
    assert not planned().finished


@pytest.mark.parametrize("epsilon", [0.123456789, 2.12345, 2.123451, 1e-05])
def test_numbers_travel_exactly(epsilon):
    command = Cell(RunConfig.of_flags({"max_epsilon": epsilon, "momentum": 0.1 + 0.2})).command()
    sent = dict(each[2:].split("=", 1) for each in command[2:] if "=" in each)
    assert float(sent["max_epsilon"]) == epsilon
    assert float(sent["momentum"]) == 0.1 + 0.2


def test_a_short_name_is_what_its_cell_is_called_by():
    flags = {"source": ("digits=saved_model:nets/digits?side=28",), "victims": ("digits",)}
    assert Cell(RunConfig.of_flags(flags)).name.startswith("digits/if/eps16")
