"""Finding and reading checkpoints, and what is said of bad ones. On MobileNet v1 0.25 alone."""

import hashlib

import numpy as np
import pytest
import reference_rule
import tensorflow as tf

import models
from models.checkpoints import checkpoint_files, find_checkpoint, list_checkpoints
from models.folding import checkpoint_shapes
from models.graph import folded_shapes
from models.zoo import NETWORKS
from utils.errors import ModelError

NAME = "mobilenet_v1_0.25_128"
FILE = NAME + ".ckpt"
IMAGES = np.random.default_rng(0).uniform(-1, 1, (2, 128, 128, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def tensors():
    """The rule's values for the network."""
    row = NETWORKS[NAME]
    shapes = checkpoint_shapes(folded_shapes(row), row.batch_norm_gamma)
    return {name: reference_rule.value(name, shape) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def logits(tensors, tmp_path_factory):
    """What the network says about IMAGES."""
    prefix = tmp_path_factory.mktemp("right") / FILE
    reference_rule.write_checkpoint(prefix, tensors.items())
    return models.load_classifier(NAME, prefix)(IMAGES).numpy()


def write(folder, tensors, version="V2", name=FILE):
    """Writes a checkpoint into a folder and returns its prefix."""
    return reference_rule.write_checkpoint(folder / name, tensors.items(), version)


def refused(path, match, name=NAME):
    """Asserts that loading fails with one line that matches, and returns it."""
    with pytest.raises(ModelError, match=match) as error:
        models.load_classifier(name, path)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_either_format_by_folder_prefix_or_part(version, tensors, logits, tmp_path):
    prefix = write(tmp_path, tensors, version)
    for path in (tmp_path, prefix, *checkpoint_files(prefix)):
        assert find_checkpoint(NAME, path) == prefix
    np.testing.assert_array_equal(models.load_classifier(NAME, tmp_path)(IMAGES), logits)


def test_a_folder_of_its_own_and_a_single_file_of_any_name(tensors, logits, tmp_path):
    (tmp_path / NAME).mkdir()
    prefix = write(tmp_path / NAME, tensors)
    assert find_checkpoint(NAME, tmp_path) == prefix
    other = tmp_path / "other"
    other.mkdir()
    write(other, tensors, name="model.ckpt-1234")
    assert find_checkpoint(NAME, other) is None
    np.testing.assert_array_equal(models.load_classifier(NAME, other)(IMAGES), logits)


def test_the_state_file_of_a_folder_is_not_followed(tmp_path, tensors):
    """TensorFlow's own `checkpoint` file may point anywhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    prefix = write(elsewhere, tensors)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{prefix}"\n')
    refused(folder, "no checkpoint of mobilenet_v1_0.25_128.*holds no checkpoint at all")


def test_variables_that_a_classifier_does_not_need_are_ignored(tensors, logits, tmp_path):
    kernel = "MobilenetV1/Conv2d_0/weights"
    more = {
        "global_step": np.int64(7),
        kernel + "/RMSProp": np.full_like(tensors[kernel], np.nan),
        kernel + "/ExponentialMovingAverage": np.zeros_like(tensors[kernel]),
        "MobilenetV1/Conv2d_0/BatchNorm/beta/RMSProp_1": np.zeros(3, np.float32),
    }
    write(tmp_path, {**tensors, **more})
    np.testing.assert_array_equal(models.load_classifier(NAME, tmp_path)(IMAGES), logits)


def test_float64_and_bfloat16_checkpoints_are_read(tensors, logits, tmp_path):
    write(tmp_path, {name: value.astype(np.float64) for name, value in tensors.items()})
    np.testing.assert_allclose(models.load_classifier(NAME, tmp_path)(IMAGES), logits, rtol=1e-4)
    write(tmp_path, {name: tf.cast(value, tf.bfloat16) for name, value in tensors.items()})
    assert np.all(np.isfinite(models.load_classifier(NAME, tmp_path)(IMAGES)))


def test_a_missing_variable_is_named_with_the_file(tensors, tmp_path):
    lost = "MobilenetV1/Conv2d_3_pointwise/BatchNorm/gamma"
    prefix = write(tmp_path, {name: value for name, value in tensors.items() if name != lost})
    message = refused(tmp_path, f"lacks 1 of .*{lost}")
    assert str(prefix) in message


def test_1000_classes_instead_of_1001_are_named(tensors, tmp_path):
    logits_scope = "MobilenetV1/Logits/"
    cut = {
        name: value[..., :1000] if name.startswith(logits_scope) else value
        for name, value in tensors.items()
    }
    prefix = write(tmp_path, cut)
    message = refused(tmp_path, r"Conv2d_1c_1x1/biases is \[1000\] instead of \[1001\]")
    assert str(prefix) in message


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_named(value, tensors, tmp_path):
    name = "MobilenetV1/Conv2d_5_depthwise/depthwise_weights"
    bad = tensors[name].copy()
    bad[1, 1, 2, 0] = value
    prefix = write(tmp_path, {**tensors, name: bad})
    assert str(prefix) in refused(tmp_path, f"{name} .*NaN or infinity")


def test_a_negative_variance_is_named(tensors, tmp_path):
    name = "MobilenetV1/Conv2d_0/BatchNorm/moving_variance"
    prefix = write(tmp_path, {**tensors, name: -tensors[name]})
    assert str(prefix) in refused(tmp_path, f"{name} .*negative")


@pytest.mark.parametrize("part", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.95])
def test_a_truncated_bundle_is_named(part, kept, tensors, tmp_path):
    prefix = write(tmp_path, tensors)
    file = prefix.with_name(prefix.name + part)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    assert str(prefix) in refused(tmp_path, "cannot be read .*fetch it again")


def test_a_data_file_that_is_not_there_is_named(tensors, tmp_path):
    prefix = write(tmp_path, tensors)
    prefix.with_name(prefix.name + ".data-00000-of-00001").unlink()
    assert str(prefix) in refused(tmp_path, "cannot be read")


def test_a_flipped_bit_is_noticed(tensors, tmp_path):
    prefix = write(tmp_path, tensors)
    file = prefix.with_name(prefix.name + ".data-00000-of-00001")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused(tmp_path, "cannot be read")


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"not a checkpoint" * 1000])
def test_a_file_that_is_no_checkpoint_is_named(content, tmp_path):
    (tmp_path / FILE).write_bytes(content)
    assert str(tmp_path / FILE) in refused(tmp_path, "cannot be read as a TensorFlow checkpoint")


def test_an_empty_folder_and_one_that_is_not_there(tmp_path):
    refused(tmp_path, f"expected {FILE}.*holds no checkpoint at all")
    refused(tmp_path / "nowhere", "nowhere does not exist")


def test_a_folder_of_another_network(tensors, tmp_path):
    write(tmp_path, tensors)
    assert find_checkpoint("resnet_v2_50", tmp_path) is None
    refused(tmp_path, f"no checkpoint of resnet_v2_50.*holds {FILE}", "resnet_v2_50")
    refused(tmp_path / FILE, f"is by its name the checkpoint of {NAME}, not of", "inception_v3")
    other = write(tmp_path, tensors, name="renamed.ckpt")
    refused(other, "is not a checkpoint of inception_v3: only 1 of 388", "inception_v3")
    refused(other, "is not a checkpoint of mobilenet_v1_0.5_128", "mobilenet_v1_0.5_128")


def test_checkpoints_of_a_folder_are_listed_once(tensors, tmp_path):
    v2, v1 = write(tmp_path, tensors), write(tmp_path, tensors, "V1", "inception_v3.ckpt")
    (tmp_path / "notes.txt").write_text("nothing")
    assert list_checkpoints(tmp_path) == sorted([v1, v2])


def test_digests_are_those_of_the_files(tensors, tmp_path):
    prefix = write(tmp_path, tensors)
    write(tmp_path, {"x": np.zeros(3, np.float32)}, name=FILE + ".old")
    digests = models.checkpoint_sha256(prefix)
    assert sorted(digests) == [FILE + ".data-00000-of-00001", FILE + ".index"]
    for name, digest in digests.items():
        assert digest == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
