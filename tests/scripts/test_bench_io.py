"""The benchmark of everything around the gradients runs, and its stand-ins do what they say."""

import time

import numpy as np
import tensorflow as tf

from scripts import bench_io
from utils.benchmarks import around
from utils.benchmarks.clock import Timed


def test_prints_every_stage(capsys):
    flags = "--source demo_vgg --batch_size 2 --num_iter 2 --victims 1 --batches 1"
    flags += " --free_batches 1 --repeats 1 --gradient_seconds 0.001"
    assert bench_io.main(flags.split()) == 0
    printed = capsys.readouterr().out
    for stage in ("crafting, the real", "directions", "reading", "judging 1", "everything around"):
        assert f"| {stage}" in printed
    assert "Overlap" in printed and "of the bare forward loop's rate" in printed


def test_free_network_has_a_gradient_everywhere_and_waits():
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = around.free_network(8)(images)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits([1, 1, 1], logits)
    assert np.all(tape.gradient(loss, images).numpy() != 0)
    started = time.perf_counter()
    waited = around.free_network(8, seconds=0.05)(images)
    assert time.perf_counter() - started >= 0.05
    np.testing.assert_array_equal(waited, logits)


def test_what_happens_once_is_subtracted(monkeypatch):
    taken = {1: Timed((5.0,), (7.0,), (0.0,)), 3: Timed((9.0,), (13.0,), (0.0,))}
    monkeypatch.setattr(around, "interleave", lambda calls, _: {c: taken[c[1]] for c in calls})
    assert around.per_batch({"work": print}, num_batches=2, rounds=1) == {"work": (2.0, 3.0)}
