"""models/costs.csv: every network is in it, with what its own graph says."""

import json

import numpy as np
import pytest

from models import NETWORKS
from models.costs import cost_of, gigabytes
from models.folding import checkpoint_shapes
from models.graph import folded_shapes
from utils.benchmarks.gradient import gradient_flops


def count(name):
    """A row of costs.csv, from the network's graph."""
    row = NETWORKS[name]
    shapes = checkpoint_shapes(folded_shapes(row), row.batch_norm_gamma)
    weights = sum(int(np.prod(shape)) for shape in shapes.values())
    return name, weights, gradient_flops(name) / 2


def test_every_network_has_a_row_and_no_other():
    assert all(cost_of(name) for name in NETWORKS)
    assert cost_of("keras:ResNet50") is None


@pytest.mark.parametrize("name", ["vgg_16", "mobilenet_v1_0.25_128", "demo_vgg"])
def test_rows_are_what_the_graph_says(name):
    _, weights, forward = count(name)
    assert (cost_of(name).weights, cost_of(name).forward) == (weights, forward)


@pytest.mark.parametrize("name", ["inception_v4", "resnet_v2_152", "densenet161"])
def test_weights_are_those_of_the_public_checkpoint(name, shared):
    listed = json.loads((shared / "reference" / f"{name}.vars.json").read_text())
    shapes = listed.values() if isinstance(listed, dict) else [shape for _, shape in listed]
    # Public checkpoints also hold a step and, some, an auxiliary head's batch norm as we do.
    assert sum(int(np.prod(s)) for s in shapes) == pytest.approx(cost_of(name).weights, rel=1e-3)


def test_gigabytes_are_four_bytes_a_weight():
    assert gigabytes(["vgg_16", "vgg_19"]) == pytest.approx(4e-9 * (138357544 + 143667240))
