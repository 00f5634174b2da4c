"""The feature denoising networks against their public numbers, and their npz files."""

import numpy as np
import pytest
import reference_rule
import tensorflow as tf

from models import NETWORKS, load_classifier
from models.checkpoints import Checkpoint, find_checkpoint, list_checkpoints
from models.folding import checkpoint_shapes
from models.graph import folded_shapes, load_network
from models.nets.layers import folded_scope, grouped_conv
from models.npz import npz_name
from utils.errors import ModelError

NAMES = ("r152_baseline", "r152_denoise", "x101_denoise_all")


@pytest.mark.parametrize("name", NAMES)
def test_logits_and_gradient_are_the_public_ones(name, shared, tmp_path):
    reference = reference_rule.Reference(shared / "reference", name)
    row, numbers = NETWORKS[name], reference.numbers
    path = tmp_path / row.files[0]
    np.savez(path, **dict(reference.tensors()))
    images = reference.images(row.side)

    # The reference's last axis is B, G, R already: what users give is R, G, B.
    classifier = load_classifier(name, path)
    logits = classifier(tf.constant(images[..., ::-1])).numpy()
    reference_rule.check(logits, numbers["logits_float64"], 2e-6)

    # ReLU ties move single gradients in float32, so that float64 is where one is proved.
    forward, label = load_network(row, path, "float64"), tf.constant(numbers["labels"][:1])
    watched = tf.constant(images[:1])
    with tf.GradientTape() as tape:
        tape.watch(watched)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(label, forward(watched)[0])
    sample = tape.gradient(loss, watched).numpy()[:, ::16, ::16]
    np.testing.assert_allclose(loss, numbers["loss"][:1], rtol=2e-6)
    reference_rule.check(sample, numbers["grad_sample_float64"][:1], 2e-6)


@pytest.fixture
def archive(tmp_path):
    """Writes the baseline's variables, all ones, with changes, and returns the file."""
    row = NETWORKS["r152_baseline"]
    arrays = {}
    for name, shape in checkpoint_shapes(folded_shapes(row), gamma=True).items():
        arrays[npz_name(name.removeprefix(row.scope + "/"))] = np.full(shape, 1e-3, np.float32)

    def write(change=lambda name, array: {name: array}, name="R152.npz"):
        changed = {}
        for key, array in arrays.items():
            changed.update(change(key, array))
        np.savez(tmp_path / name, **changed)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("rename", "scope"),
    [
        (lambda name: name, ""),
        (lambda name: f"{name}:0", ""),
        (lambda name: f"R152/copies/{name}", "R152/copies"),
    ],
)
def test_keys_with_a_suffix_or_in_a_scope_are_found(archive, rename, scope):
    path = archive(lambda name, array: {rename(name): array})
    row = NETWORKS["r152_baseline"]
    found = Checkpoint(path).examine(folded_shapes(row), row)
    assert found.scope == scope
    assert not found.missing and not found.misshapen and not found.extra


def test_the_copies_name_is_found_in_a_folder(archive):
    path = archive(name="R152_rename.npz")
    assert find_checkpoint("r152_baseline", path.parent) == path
    assert list_checkpoints(path.parent) == [path]


LEAF = "group0/block0/conv1/bn/mean/EMA"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, f"lacks 1 of the .* variables of r152_baseline: {LEAF};"),
        ({LEAF: np.zeros([7], np.float32)}, rf"{LEAF} is \[7\] instead of \[64\]"),
        ({LEAF: np.full([64], np.nan, np.float32)}, f"variable {LEAF} .* holds NaN"),
        ({LEAF: np.array([print] * 64)}, "cannot be read as an npz checkpoint"),
    ],
)
def test_what_is_wrong_is_named_as_the_file_names_it(archive, changed, says):
    path = archive(lambda name, array: changed if name == LEAF else {name: array})
    with pytest.raises(ModelError, match=says):
        load_classifier("r152_baseline", path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY", b"cos\nsystem"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "R152.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="R152.npz cannot be read as an npz checkpoint"):
        Checkpoint(path)


def test_a_file_that_is_cut_short_is_refused(archive):
    path = archive()
    content = path.read_bytes()
    for length in (len(content) // 2, len(content) - 10):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match="cannot be read"):
            load_classifier("r152_baseline", path)


def test_a_convolution_in_groups_is_one_convolution_a_group():
    draws = np.random.default_rng(0)
    inputs = tf.constant(draws.normal(size=(2, 7, 7, 8)).astype(np.float32))
    with tf.Graph().as_default(), folded_scope(), tf.compat.v1.Session() as session:
        net = grouped_conv(tf.constant(inputs.numpy()), 12, 3, 4, stride=2, scope="conv")
        kernel, shift = tf.compat.v1.global_variables()
        assert kernel.shape == [3, 3, 2, 12]
        values = draws.normal(size=kernel.shape), draws.normal(size=shift.shape)
        session.run([kernel.assign(values[0]), shift.assign(values[1])])
        found = session.run(net)
    parts = [
        tf.nn.conv2d(
            tf.cast(inputs[..., 2 * j : 2 * j + 2], tf.float64),
            values[0][..., 3 * j : 3 * j + 3],
            2,
            "SAME",
        )
        for j in range(4)
    ]
    expected = tf.nn.relu(tf.concat(parts, 3) + values[1])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
