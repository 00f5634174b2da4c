"""The benchmark of the loop runs and tells the truth about what can be checked without a clock."""

import math

import numpy as np
import pytest
import tensorflow as tf

from models import NETWORKS, load_classifier
from scripts import bench_attack
from utils.benchmarks import clock, gradient, peers
from utils.benchmarks.comparison import Setup, agreement, make_attack
from utils.benchmarks.gradient import op_times
from utils.benchmarks.workload import random_checkpoint, random_inputs


def test_prints_a_line_for_every_contestant(capsys):
    # Of the networks that the reference can build, the one that is traced fastest.
    flags = "--source demo_resnet --batch_size 2 --num_iter 2 --repeats 1 --matmul_side 64"
    assert bench_attack.main([*flags.split(), "--contests", "reference,modes,machine,ops"]) == 0
    printed = capsys.readouterr().out
    assert "batch 2 | TF1-style reference | " in printed
    assert "batch 2 | this program, bfloat16 | " in printed
    assert "Batch 2: 0.09 GFLOP" in printed
    assert "batch 2, bfloat16 | how many" in printed
    assert "| I-FGSM, batch 2 | matched | " in printed
    rows = [line.split("|")[5:7] for line in printed.splitlines() if "sign + affine" in line]
    assert len(rows) == 4
    assert all(float(ratio) > 0 for row in rows for ratio in row)


def test_an_unknown_contest_is_named(capsys):
    assert bench_attack.main(["--contests", "peers,luck"]) == 2
    assert "luck" in capsys.readouterr().out


@pytest.mark.parametrize("network", ["demo_inception", "demo_resnet"])
def test_reference_and_program_make_the_same_images(network, tmp_path):
    checkpoint = random_checkpoint(network, tmp_path)
    setup = Setup(network, checkpoint, random_inputs(network, 3), 3)
    for mode, (close, mean_abs) in agreement(setup).items():
        assert close > 0.97, mode
        assert mean_abs == pytest.approx(1.0, abs=5e-3), mode


def test_ops_are_told_apart_and_counted():
    matrix = tf.random.normal([200, 200])

    @tf.function
    def work():
        return tf.reduce_sum(tf.sort(matrix @ (matrix @ matrix)))

    found = {each.op: each for each in op_times(lambda: work().numpy(), calls=2)}
    products = [each.count for op, each in found.items() if "MatMul" in op]
    assert products == [2] and found["Sum"].count == 1
    assert sum(each.share for each in found.values()) == pytest.approx(1.0)
    assert all(each.seconds > 0 for each in found.values())


def test_operations_are_those_counted_by_hand():
    # MobileNet v1 is published with 569 million multiply-adds, Inception v3 with 5.7 billion
    # without its auxiliary head.
    assert gradient.gradient_flops("mobilenet_v1_1.0_224") == pytest.approx(4 * 569e6, rel=0.01)
    assert gradient.gradient_flops("inception_v3") == pytest.approx(4 * 5.7e9, rel=0.03)


def test_peers_that_cannot_run_are_named_with_their_error(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("needs another TensorFlow\nand more")

    def able(*_):
        return {"if": lambda: 1, "m": lambda: 2}

    monkeypatch.setattr(peers, "PEERS", {"broken": broken, "able": able})
    found, unable = peers.make_peers(None, None, 10, 0.1, 2)
    assert found["able"]["m"]() == 2 and found["broken"] == {}
    wanted = "RuntimeError: needs another TensorFlow"
    assert unable == {"broken, if": wanted, "broken, m": wanted}


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_an_installed_peer_stays_in_the_box_and_agrees_with_this_program(name, tmp_path):
    pytest.importorskip({"adversarial-robustness-toolbox": "art"}.get(name, name))
    network = "demo_inception"
    classifier = load_classifier(network, random_checkpoint(network, tmp_path))
    inputs, epsilon = random_inputs(network, 3), 2 * 16 / 255
    able, unable = peers.make_peers(classifier, inputs, NETWORKS[network].num_classes, epsilon, 1)
    if "if" not in able[name]:
        pytest.skip(unable[f"{name}, if"])
    theirs = np.asarray(able[name]["if"]())
    ours = make_attack(lambda x: (classifier(x), None), "if", 1, inputs, ("sign",))()["sign"]
    assert np.mean(np.abs(theirs - ours) <= 1e-5) > 0.97


def test_contestants_take_turns_and_memory_is_seen():
    calls, kept = [], []

    def greedy():
        calls.append("b")
        # So large that it can't be put where something was before.
        kept.append(np.ones(40_000_000).sum())

    timed = clock.interleave({"a": lambda: calls.append("a"), "b": greedy}, rounds=2)
    assert "".join(calls) == "ababab"
    assert len(timed["a"].cpu) == 2
    if not math.isnan(timed["b"].memory[0]):
        assert 300 < timed["b"].memory[0] < 500
