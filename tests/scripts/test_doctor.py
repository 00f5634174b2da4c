"""The doctor, of checkpoints above all."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import reference_rule
from PIL import Image

import models
from models.folding import checkpoint_shapes
from models.graph import folded_shapes
from models.zoo import NETWORKS
from scripts import doctor
from tests.sign_of_life import without_sign_of_life
from utils import nvidia
from utils.doctor.finding import Finding

ROOT = Path(__file__).parents[2]
NAME = "mobilenet_v1_0.25_128"


@pytest.fixture(autouse=True)
def no_driver(monkeypatch):
    """Whatever is wrong with this machine's GPU is not what these tests are about."""
    monkeypatch.setattr(nvidia, "find_driver", lambda: None)


@pytest.fixture(scope="module")
def tensors():
    """The rule's values for NAME, and two variables that a classifier does not need."""
    row = NETWORKS[NAME]
    shapes = checkpoint_shapes(folded_shapes(row), row.batch_norm_gamma)
    values = {name: reference_rule.value(name, shape) for name, shape in shapes.items()}
    return {**values, "global_step": np.int64(1), "MobilenetV1/x/RMSProp": np.zeros(1, np.float32)}


@pytest.fixture
def write(tmp_path, tensors):
    """Writes the checkpoint under a name, changed or not."""

    def write(name=NAME + ".ckpt", **changes):
        changed = {key: value for key, value in {**tensors, **changes}.items() if value is not None}
        return reference_rule.write_checkpoint(tmp_path / name, changed.items())

    return write


def run(path, capsys, *more):
    """The doctor's exit code and what it printed."""
    code = doctor.main(["--checkpoint_path", str(path), "--seconds", "0", *map(str, more)])
    return code, capsys.readouterr().out


def test_a_usable_checkpoint_is_described_and_the_exit_code_is_0(write, tmp_path, capsys):
    prefix = write()
    code, text = run(tmp_path, capsys)
    assert code == 0
    assert f"{NAME}: usable\n  file: {prefix}\n" in text
    assert "scope: MobilenetV1\n" in text
    assert "137 matched, 0 missing, 0 misshapen, 2 extra" in text
    assert "extra: " in text and "global_step" in text
    for file, digest in models.checkpoint_sha256(prefix).items():
        assert f"sha256 {digest}  {file}" in text
    not_found = text.split("not found: ")[1]
    assert "inception_v3" in not_found and NAME not in not_found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"MobilenetV1/Conv2d_0/BatchNorm/beta": None},
            ("136 matched, 1 missing", "missing: Conv2d_0/BatchNorm/beta"),
        ),
        (
            {"MobilenetV1/Logits/Conv2d_1c_1x1/biases": np.zeros(1000, np.float32)},
            ("1 misshapen", "misshapen: Logits/Conv2d_1c_1x1/biases [1000], not [1001]"),
        ),
        (
            {"MobilenetV1/Conv2d_0/BatchNorm/beta": np.full(8, np.nan, np.float32)},
            ("137 matched, 0 missing", "Conv2d_0/BatchNorm/beta", "NaN"),
        ),
    ],
)
def test_what_is_wrong_is_said_and_the_exit_code_is_1(changes, said, write, tmp_path, capsys):
    write(**changes)
    code, text = run(tmp_path, capsys)
    assert code == 1
    assert f"{NAME}: NOT USABLE" in text
    assert all(part in text for part in said)


def test_logits_that_are_not_finite_make_it_unusable(write, tmp_path, tensors, capsys):
    name = "MobilenetV1/Logits/Conv2d_1c_1x1/weights"
    write(**{name: np.full_like(tensors[name], 3e38)})
    code, text = run(tmp_path, capsys)
    assert code == 1
    assert f"{NAME}: NOT USABLE" in text and "logits" in text and "infinite" in text


def test_a_damaged_checkpoint_does_not_hide_the_others(write, tmp_path, capsys):
    write()
    damaged = write("mobilenet_v1_0.25_160.ckpt")
    data = damaged.with_name(damaged.name + ".data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:1000])
    code, text = run(tmp_path, capsys)
    assert code == 1
    assert f"{NAME}: usable" in text
    assert "mobilenet_v1_0.25_160: NOT USABLE" in text and "cannot be read" in text


def test_a_bundle_without_its_index_is_noticed(write, tmp_path, capsys):
    prefix = write()
    prefix.with_name(prefix.name + ".index").unlink()
    code, text = run(tmp_path, capsys)
    assert code == 1
    assert f"{NAME}.ckpt: NOT USABLE" in text


def test_a_checkpoint_of_another_name_is_recognised(write, tmp_path, capsys):
    prefix = write("model.ckpt-7")
    code, text = run(prefix, capsys)
    assert code == 0
    assert "model.ckpt-7 (under no network's name; fits" in text
    (line,) = (line for line in text.splitlines() if line.startswith("model.ckpt-7"))
    assert "mobilenet_v1_0.25_224" in line and "0.5" not in line


def test_an_empty_folder_and_none_are_errors(tmp_path, capsys):
    code, text = run(tmp_path, capsys)
    assert code == 1 and f"There is no checkpoint in {tmp_path}" in text
    assert doctor.main(["--checkpoint_path", str(tmp_path / "none")]) == 1
    assert "neither a folder nor a checkpoint" in capsys.readouterr().err


def test_the_clean_accuracy_is_that_of_the_classifier(write, tmp_path, capsys):
    prefix = write()
    classifier = models.load_classifier(NAME, prefix)
    pixels = np.random.default_rng(4).integers(0, 256, (8, 40, 40, 3), dtype=np.uint8)
    # Blocks of one colour, so that the random network does not say the same of all.
    pixels[:, ::2] = np.arange(0, 256, 32, dtype=np.uint8)[:, None, None, None]
    predicted = np.argmax(classifier(pixels.astype(np.float32) / 127.5 - 1), axis=1)
    labels = np.clip(predicted, 1, 1000)
    labels[:3] = labels[:3] % 1000 + 1
    right = np.sum(labels == predicted)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / f"image{number}.png")
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        rows = [("ImageId", "TrueLabel"), *((f"image{i}", labels[i]) for i in range(8))]
        csv.writer(file).writerows([*rows, ("not_there", 5)])
    images = ("--input_csv", tmp_path / "labels.csv", "--input_dir", tmp_path)
    code, text = run(tmp_path, capsys, *images)
    assert code == 0
    assert f"clean accuracy: {100 * right / 8:.1f} % of 8 images (none published)" in text
    assert NETWORKS["inception_v3"].clean_accuracy == 96.2
    with pytest.raises(SystemExit):
        run(tmp_path, capsys, *images[:2])


def test_labels_that_count_from_elsewhere_are_told(demo, tmp_path, capsys):
    text = (demo / "dev_dataset.csv").read_text().splitlines()
    column = text[0].split(",").index("TrueLabel")
    rows = [row.split(",") for row in text[1:40]]
    rows = [r[:column] + [str(int(r[column]) + 1)] + r[column + 1 :] for r in rows]
    rows = [",".join(row) for row in rows if int(row[column]) <= 10]
    (tmp_path / "from_2.csv").write_text("\n".join([text[0], *rows]))
    images = ("--input_csv", tmp_path / "from_2.csv", "--input_dir", demo / "images")
    for file in (demo / "checkpoints").glob("demo_vgg.*"):
        (tmp_path / file.name).symlink_to(file)
    code, text = run(tmp_path, capsys, *images)
    assert code == 1 and "WARNING: demo_vgg is wrong on " in text
    assert "with labels -1 it would be" in text


def test_without_flags_the_demo_zoo_is_examined_and_the_speed_measured(
    demo, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert doctor.main(["--seconds", "0.1"]) == 0
    text = capsys.readouterr().out
    assert "demo_inception: usable" in text and "300 of 64 pixels" in text
    assert "gradients a second" in text and "1000 photos, I-FGSM with sign and affine" in text


def test_a_fault_of_the_machine_alone_is_exit_code_1(write, tmp_path, monkeypatch, capsys):
    write()
    finding = Finding("NVIDIA driver", "470.82.01, too old", "install a newer one")
    monkeypatch.setattr(doctor, "examine", lambda: [finding])
    code, text = run(tmp_path, capsys)
    assert code == 1
    assert "NVIDIA driver: WRONG: 470.82.01, too old\n  cure: install a newer one\n" in text


def test_no_line_of_tensorflow_is_printed(tmp_path):
    command = [sys.executable, "scripts/doctor.py", "--checkpoint_path", str(tmp_path)]
    # As a user's shell has it.
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 1 and without_sign_of_life(ended.stderr) == ""
