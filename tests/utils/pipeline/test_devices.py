"""Several logical processors, and the flags about speed, on the demo zoo."""

import json

import numpy as np
import pytest
from PIL import Image
from runs import ROOT

FLAGS = ("--zoo=demo", "--victims=demo_vgg", "--limit=8", "--num_iter=3", "--mode=affine,test")
RUN = "demo/demo_vgg/if/eps16"


ONE_STEP = ("--batch_size=2", "--num_iter=1")


@pytest.fixture(scope="module")
def craft(runner):
    """Runs attack.py in a process of its own and returns the run's folder."""

    def craft(output, *flags):
        runner.run(output, *FLAGS, *flags)
        return output / RUN

    return craft


def pngs(folder):
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.png")}
    assert len(found) == 3 * 8
    return found


def pixels(folder):
    files = sorted(folder.rglob("*.png"))
    assert len(files) == 3 * 8
    return np.stack([np.asarray(Image.open(file)) for file in files]).astype(int)


@pytest.fixture(scope="module")
def single(craft, tmp_path_factory):
    """One device, batches of 2, float32."""
    return craft(tmp_path_factory.mktemp("single"), "--batch_size=2")


@pytest.fixture(scope="module")
def one_step(craft, tmp_path_factory):
    """The same, of a single step."""
    return craft(tmp_path_factory.mktemp("one_step"), *ONE_STEP)


@pytest.mark.parametrize("devices", [2, 4])
def test_several_devices_give_the_pngs_of_one_with_the_same_share(craft, single, tmp_path, devices):
    split = craft(tmp_path, f"--batch_size={2 * devices}", f"--devices={devices}")
    used = json.loads((split / "run.json").read_text())["device"]
    assert used == [f"/CPU:{index}" for index in range(devices)]
    assert pngs(split) == pngs(single)
    tables = [(folder / "per_image.csv").read_text() for folder in (split, single)]
    assert tables[0] == tables[1]


def test_a_batch_that_does_not_divide_is_refused(runner, tmp_path):
    text = runner.run(tmp_path, *FLAGS, "--batch_size=3", "--devices=2", code=2)
    assert "--devices" in text and "multiple" in text


def test_jit_compile_gives_the_same_images_within_rounding(craft, one_step, tmp_path):
    apart = pixels(craft(tmp_path, *ONE_STEP, "--jit_compile"))
    apart = np.abs(apart - pixels(one_step))
    # One step: after several, rounding has parted the trajectories. An entry of the gradient near
    # zero may change its sign, or a pixel its rounding.
    assert (apart > 1).mean() < 0.005, (apart > 1).mean()


def test_bfloat16_steps_as_float32_does_but_not_in_the_same_bits(craft, one_step, tmp_path):
    folders = craft(tmp_path, *ONE_STEP, "--dtype=bfloat16"), one_step
    names = [path.stem for path in sorted(folders[0].rglob("*.png"))]
    images = {p.stem: np.asarray(Image.open(p)) for p in (ROOT / "data/demo/images").glob("*.png")}
    start = np.stack([images[name] for name in names]).astype(int)
    rough, fine = ((pixels(folder) - start).reshape(len(names), -1) for folder in folders)
    lengths = np.linalg.norm(rough, axis=1) * np.linalg.norm(fine, axis=1)
    cosine = (rough * fine).sum(1) / lengths
    assert np.any(rough != fine)
    assert cosine.mean() > 0.8, cosine
    assert np.abs(rough).max() <= 16
