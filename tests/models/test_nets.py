"""Networks that are computed in another order than they are defined: the results are the same."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tf_slim.nets import inception_v3 as slim_inception_v3

from models import load_classifier
from models.graph import load_network
from models.nets import branches
from models.nets.layers import folded_scope, pointwise_convs
from models.zoo import NETWORKS
from utils.benchmarks.workload import random_checkpoint, random_inputs

tf1 = tf.compat.v1


def evaluate(build, dtype, seed=0, side=9):
    """Variables' names, outputs and gradient of a piece of a network with random weights."""
    draws = np.random.default_rng(seed)
    images = tf.constant(draws.standard_normal((2, side, side, 12)), dtype)
    values = {}

    def piece(images):
        with folded_scope():
            return build(images)

    wrapped = tf1.wrap_function(piece, [tf.TensorSpec(images.shape, dtype)])
    for variable in sorted(wrapped.variables, key=lambda variable: variable.name):
        values[variable.name] = draws.standard_normal(variable.shape) / 4
        variable.assign(tf.cast(values[variable.name], dtype))
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = wrapped(images)
        loss = tf.add_n([tf.reduce_sum(tf.cast(x, tf.float32) ** 2) for x in outputs])
    gradient = tape.gradient(loss, images)
    return list(values), [tf.cast(x, tf.float32) for x in [*outputs, gradient]]


def separate(net):
    return [branches.branch(net, number, layer) for number, layer in LAYERS]


LAYERS = ((0, ("Conv2d_0a_1x1", 8)), (1, ("Conv2d_0b_1x1", 3)), (2, ("Conv2d_0a_1x1", 5)))


@pytest.mark.parametrize(("dtype", "atol"), [("float32", 0), ("bfloat16", 0.02)])
def test_branches_that_begin_together_are_those_that_begin_apart(dtype, atol):
    names, expected = evaluate(separate, dtype)
    got_names, got = evaluate(lambda net: branches.heads(net, *LAYERS), dtype)
    assert got_names == names
    for one, other in zip(got, expected, strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one, other, atol=atol * scale, rtol=0)


def test_they_are_one_convolution_in_bfloat16_only():
    for dtype, count in (("float32", 3), ("bfloat16", 1)):
        with tf.Graph().as_default() as graph, folded_scope():
            pointwise_convs(tf.ones([1, 4, 4, 6], dtype), [("a", 2), ("b", 3), ("c", 4)])
        assert sum(op.type == "Conv2D" for op in graph.get_operations()) == count


def test_pools_after_convolutions_are_pools_before_them():
    layer = ("Conv2d_0b_1x1", 7)
    for one, other in (
        (branches.narrow_pool_branch, branches.pool_branch),
        (
            lambda net, number, layer: branches.conv_max_pool(net, layer),
            lambda net, number, layer: branches.max_pool(branches.conv(net, layer)),
        ),
    ):
        names, expected = evaluate(lambda net, build=other: [build(net, 3, layer)], "float32")
        got_names, got = evaluate(lambda net, build=one: [build(net, 3, layer)], "float32")
        assert got_names == names
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())


def test_inception_v3_is_the_public_definition(tmp_path):
    prefix = random_checkpoint("inception_v3", tmp_path)
    row = NETWORKS["inception_v3"]

    def public(images, num_classes):
        logits, ends = slim_inception_v3.inception_v3(images, num_classes, is_training=False)
        return logits, ends["AuxLogits"]

    forward = load_network(dataclasses.replace(row, builder=public), prefix)
    images = tf.constant(random_inputs("inception_v3", 1).images)
    for side in (299, 330):
        shown = tf.image.resize(images, [side, side])
        heads = load_classifier("inception_v3", prefix).logits_and_aux(shown)
        for one, other in zip(heads, forward(shown), strict=True):
            np.testing.assert_allclose(one, other, atol=4e-6 * np.abs(other).max())


def test_bfloat16_inception_v3_points_the_same_way(tmp_path):
    prefix = random_checkpoint("inception_v3", tmp_path)
    images = tf.constant(random_inputs("inception_v3", 1).images)
    logits = [
        load_classifier("inception_v3", prefix, dtype=dtype)(images).numpy().ravel()
        for dtype in ("float32", "bfloat16")
    ]
    assert np.corrcoef(*logits)[0, 1] > 0.99
