"""One file is one network, whatever it is called; places that can't be read or written back."""

import os
import shutil

import pytest
from absl.testing import flagsaver

import attack
import models
from models.diagnosis import diagnose_folder
from utils.errors import ModelError, UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute

RUN = {"zoo": "demo", "source": ["demo_vgg"], "limit": 2, "num_iter": 1}


@pytest.fixture
def run(tmp_path):
    """Runs with flags added, and says whether anything is left."""

    def run(**flags):
        config = RunConfig.of_flags({**RUN, "output_dir": str(tmp_path / "out"), **flags})
        return execute(config)

    return run


@pytest.mark.parametrize("name", ["demo_adv_resnet", "demo_resnet"])
def test_a_file_under_one_networks_name_is_no_other(demo, tmp_path, run, name):
    """demo_resnet and demo_adv_resnet have the same variables."""
    file = demo / "checkpoints" / "demo_resnet.ckpt"
    if name == "demo_resnet":
        models.load_classifier(name, file)
        return
    with pytest.raises(ModelError, match="by its name the checkpoint of demo_resnet"):
        models.load_classifier(name, file)
    with pytest.raises(UsageError, match="by its name the checkpoint of demo_resnet, not of"):
        run(source=[name], victims=[name], checkpoint_path=str(file))
    assert not (tmp_path / "out").exists()


def test_the_doctor_takes_a_file_for_the_network_of_its_name(demo):
    (found,) = diagnose_folder(demo / "checkpoints" / "demo_resnet.ckpt")
    assert found.network.name == "demo_resnet" and not found.fits and found.usable


@pytest.mark.parametrize("copy", [shutil.copy, os.link, os.symlink])
def test_the_same_bytes_under_two_names_are_refused(demo, tmp_path, run, copy):
    places = tmp_path / "nets"
    shutil.copytree(demo / "checkpoints", places)
    for part in sorted(places.glob("demo_resnet.ckpt.*")):
        other = part.with_name(part.name.replace("demo_resnet", "demo_adv_resnet"))
        other.unlink()
        copy(part, other)
    with pytest.raises(UsageError, match="demo_resnet and demo_adv_resnet are the same, byte"):
        run(victims=["demo_resnet", "demo_adv_resnet"], checkpoint_path=str(places))


@pytest.mark.parametrize("flag", ["output_dir", "input_dir", "input_csv", "checkpoint_path"])
def test_a_place_that_is_no_utf8_is_refused_before_the_work(demo, tmp_path, run, flag):
    place = os.fsencode(tmp_path) + b"/\xff"
    source = {"input_dir": "images", "input_csv": "dev_dataset.csv"}.get(flag, "checkpoints")
    source = demo / source
    if flag == "input_csv":
        shutil.copy(source, place)
    elif flag != "output_dir":
        shutil.copytree(source, os.fsdecode(place))
    with pytest.raises(UsageError, match=r"\\udcff.* is no valid text in UTF-8"):
        run(**{flag: os.fsdecode(place)})
    assert not list(tmp_path.rglob("*.json")) and not list(tmp_path.rglob("sign"))


@pytest.mark.parametrize("form", ["--flagfile={}", "-flagfile={}", "--flagfile {}"])
@pytest.mark.parametrize("place", ["pipe", "/dev/zero", "."])
def test_a_file_of_flags_that_never_ends_is_refused(tmp_path, capsys, form, place):
    if place == "pipe":
        place = str(tmp_path / "pipe")
        os.mkfifo(place)
    with pytest.raises(SystemExit) as caught:
        attack.parse(["attack.py", *form.format(place).split(" ")])
    assert caught.value.code == 2
    assert "it is not a regular file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--seed=1\n--flagfile=PLACE/pipe\n", "it is not a regular file"),
        ("-flagfile= /dev/zero \n", "it is not a regular file"),
        ("--flagfile=PLACE/flags\n", "leads to more than 50 files"),
        ("--flagfile=PLACE/none\n", "No such file"),
        (b"--seed=\xff\n", "no text in UTF-8"),
        (b"\0" * 9, "no file of flags"),
        ("#" * 70_000, "no file of flags"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_files_of_flags_that_lead_to_others(tmp_path, capsys, text, said):
    file = tmp_path / "flags"
    os.mkfifo(tmp_path / "pipe")
    content = text if isinstance(text, bytes) else text.replace("PLACE", str(tmp_path)).encode()
    file.write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        attack.parse(["attack.py", f"--flagfile={file}"])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_files_of_flags_may_name_others(tmp_path):
    (tmp_path / "more").write_text("--num_iter=3\n")
    (tmp_path / "flags").write_text(f"# these\n\n--seed=5\n--flagfile={tmp_path / 'more'}\n")
    with flagsaver.flagsaver():
        attack.parse(["attack.py", "--flagfile", str(tmp_path / "flags")])
        assert (attack.flags.FLAGS.seed, attack.flags.FLAGS.num_iter) == (5, 3)
