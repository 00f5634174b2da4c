"""The table of networks: every row has the public network's variables."""

import json

import numpy as np
import pytest
import reference_rule
import tensorflow as tf

import models
from models.folding import checkpoint_shapes
from models.graph import folded_shapes
from models.npz import slim_name
from models.preprocessing import PREPROCESSING
from models.zoo import NETWORKS, get_network
from utils.errors import UnknownNetwork

ROWS = list(NETWORKS.values())
MOBILENETS = [name for name in NETWORKS if name.startswith("mobilenet")]
# Millions of parameters without batch norm's statistics, as the papers and slim's page give them.
PUBLISHED_SIZE = {
    "vgg_19": "143.67",
    "mobilenet_v1_1.0": "4.2",
    "mobilenet_v1_0.75": "2.6",
    "mobilenet_v1_0.5": "1.3",
    "mobilenet_v1_0.25": "0.5",
    "mobilenet_v2_1.0": "3.5",
    "mobilenet_v2_1.4": "6.1",
}


def shapes(row):
    """The variables that a row's checkpoint must hold."""
    return checkpoint_shapes(folded_shapes(row), row.batch_norm_gamma)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_makes_sense(row):
    labels = {"imagenet": 1001, "demo": 11}[row.zoo]
    assert row.num_classes + row.label_offset == labels
    assert row.preprocessing in PREPROCESSING
    assert 0 < row.side <= row.largest_side
    assert len(set(row.files)) == len(row.files) > 0
    variables = shapes(row)
    assert all(name.startswith(row.scope + "/") for name in variables)
    assert sum(shape == [row.num_classes] for shape in variables.values()) >= 1


def test_no_two_rows_share_a_file():
    files = [file for row in ROWS for file in row.files]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.zoo == "imagenet"], ids=lambda r: r.name
)
def test_every_imagenet_row_has_the_public_variables(row, shared):
    lists = [path for path in (shared / "reference").glob("*.vars.json")]
    public = {}
    for path in lists:
        variables = json.loads(path.read_text())
        scope = variables[0][0].split("/")[0]
        if scope == "conv0":
            # The npz files have no scope, and other names for the leaves.
            scope = path.name.removesuffix(".vars.json")
            variables = [(f"{scope}/{slim_name(name)}", shape) for name, shape in variables]
        public[scope] = dict(variables)
    if row.scope in public:
        assert shapes(row) == public[row.scope]
        return
    size = sum(np.prod(s) for name, s in shapes(row).items() if "/moving_" not in name) / 1e6
    published = next(text for name, text in PUBLISHED_SIZE.items() if row.name.startswith(name))
    assert f"{size:.{len(published.partition('.')[2])}f}" == published


@pytest.mark.parametrize("name", MOBILENETS)
def test_every_mobilenet_loads_and_has_a_gradient(name, tmp_path):
    row = NETWORKS[name]
    tensors = [(key, reference_rule.value(key, shape)) for key, shape in shapes(row).items()]
    reference_rule.write_checkpoint(tmp_path / row.files[0], tensors)
    classifier = models.load_classifier(name, tmp_path)
    assert classifier.side == int(name.rpartition("_")[2])
    images = tf.random.stateless_uniform([1, 96, 96, 3], [1, 2], -1.0, 1.0)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = classifier(images)
    assert logits.shape == [1, 1001]
    gradient = tape.gradient(logits, images).numpy()
    assert np.all(np.isfinite(gradient)) and np.any(gradient)


def test_an_unknown_network_is_an_error_that_lists_the_known():
    with pytest.raises(UnknownNetwork, match="inception_v9.*known.*inception_v3"):
        get_network("inception_v9")
