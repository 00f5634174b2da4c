"""The benchmark of everything around the gradients runs, and its stand-ins do what they say."""

import time

import numpy as np
import tensorflow as tf

from models import NETWORKS, load_classifier
from scripts import bench_io
from utils.benchmarks import overhead
from utils.benchmarks.clock import Timed
from utils.benchmarks.workload import free_networks


def test_prints_every_stage(capsys):
    flags = "--source demo_vgg --batch_size 2 --num_iter 2 --victims 1 --batches 1"
    flags += " --free_batches 1 --repeats 1 --gradient_seconds 0.001"
    assert bench_io.main(flags.split()) == 0
    printed = capsys.readouterr().out
    for stage in ("crafting, the real", "directions", "reading", "judging 1", "everything around"):
        assert f"| {stage}" in printed
    assert "Overlap" in printed and "of the bare forward loop's rate" in printed


def test_free_network_has_a_gradient_everywhere_and_waits(tmp_path):
    with free_networks(tmp_path, NETWORKS["demo_vgg"], {"free": 0.0, "waiting": 0.05}):
        free, waiting = (load_classifier(name, tmp_path) for name in ("free", "waiting"))
    assert "free" not in NETWORKS and "waiting" not in NETWORKS
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (3, 64, 64, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = free(images)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits([1, 1, 1], logits)
    assert np.all(tape.gradient(loss, images).numpy() != 0)
    started = time.perf_counter()
    waited = waiting(images)
    assert time.perf_counter() - started >= 0.05
    np.testing.assert_array_equal(waited, logits)


def test_what_happens_once_is_subtracted(monkeypatch):
    taken = {1: Timed((5.0,), (7.0,), (0.0,)), 3: Timed((9.0,), (13.0,), (0.0,))}
    monkeypatch.setattr(overhead, "interleave", lambda calls, _: {c: taken[c[1]] for c in calls})
    assert overhead.per_batch({"work": print}, num_batches=2, rounds=1) == {"work": (2.0, 3.0)}
