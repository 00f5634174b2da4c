"""The benchmark of everything around the gradients runs, and its stand-ins do what they say."""

import json
import os
import sys
import time
from importlib import import_module

import numpy as np
import pytest
import tensorflow as tf

from models import NETWORKS, load_classifier
from scripts import bench_io
from utils.benchmarks import overhead, pace_process
from utils.benchmarks.clock import Timed
from utils.benchmarks.pace import OURS, Pace, on_more
from utils.benchmarks.workload import free_networks, write_photos


def test_prints_every_stage(capsys):
    flags = (
        "--contests around --source demo_vgg --batch_size 2 --num_iter 2 --victims 1 --batches 1"
    )
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


def test_pace_shows_victims_processors_and_parts(capsys, monkeypatch):
    # (processors, whether parts are told apart) -> of one victim and of five.
    asked = []

    def measure(self, processors, tree=None, parts=False):
        asked.append((processors, parts))
        one = {"cpu": 0.040, "wall": 0.044 / processors, "gpu": 0.002}
        stages = dict.fromkeys(("craft", "judge", "decode", "round", "encode", "tables"), 0.001)
        start = {"start_cpu": 7.0, "start_wall": 8.0}
        return [one | stages | start, one | stages | start | {"cpu": 0.048}]

    monkeypatch.setattr(Pace, "measure", measure)
    flags = "--contests pace --pace_victims 5 --pace_images 1 2 --repeats 1"
    assert bench_io.main(flags.split()) == 0
    printed = capsys.readouterr().out
    assert asked == [(2, False), (1, False), (2, True)]
    assert "| this one | 40.0 | 48.0 | 2.0 |" in printed
    assert "| this one | 2 | 22.0 | 45.5 | 9.1 % |" in printed
    assert "| this one | 16 (Amdahl) | 2.8 | 363.6 | 72.7 % |" in printed
    assert "| of these, decode | 1.00 | 1.00 |" in printed and "7.0 CPU s" in printed


def test_amdahl_stays_within_reason_on_a_busy_machine():
    assert on_more(1.0, 0.75, 16) == 0.5 + 0.5 / 16
    assert on_more(1.0, 0.4, 16) == 1 / 16
    assert on_more(1.0, 1.2, 16) == 1.0


def test_pace_measures_whole_runs_beside_a_gpu_that_takes_no_processor(
    tmp_path, capsys, monkeypatch
):
    write_photos(tmp_path, 2, 299)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    # What is watched is put back afterwards.
    for module, function in (part for parts in pace_process.PARTS.values() for part in parts):
        place = import_module(module)
        monkeypatch.setattr(place, function, getattr(place, function))
    settings = {"processors": 1, "images": (1, 2), "victims": (1,), "gradients_per_second": 160}
    settings |= {"iterations": 1, "parts": True}
    try:
        pace_process.main(str(OURS), str(tmp_path), json.dumps(settings))
    finally:
        for name in [name for name in NETWORKS if NETWORKS[name].family == "average"]:
            del NETWORKS[name]
    found = json.loads(capsys.readouterr().out.splitlines()[-1])[0]
    # Both counts fill one batch of 16, whose gradients in two modes take 0.2 s; the process's other
    # times are of files of one image more.
    assert found["gpu"] == pytest.approx(0, abs=1e-6)
    assert 0 < found["decode"] < 1 and 0 < found["encode"] < 1
    assert found["start_wall"] > 0.2
