"""Ray on two nodes of this machine, of which one dies: with small processes and with attacks."""

import sys
import time

import pytest

from scripts import check_ray
from utils.errors import UsageError
from utils.sweeps import ray_runner
from utils.sweeps.process import Job


def _job(folder, name, code):
    return Job(
        name,
        (sys.executable, "-c", code),
        str(folder),
        str(folder / f"{name}.log"),
        str(folder / "x"),
    )


def test_without_ray_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="pip install -r requirements-ray.txt"):
        ray_runner.run_on_ray([], print)


def test_a_node_that_is_killed_costs_no_cell(tmp_path):
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    # After the short first one, both nodes are at work on a long one.
    wait = "import os, time; open(f'started{os.getpid()}', 'w'); time.sleep"
    jobs = [
        _job(tmp_path, f"cell{i}", f"{wait}({4 if i else 0.5}); open('done{i}', 'w')")
        for i in range(4)
    ]
    jobs.append(_job(tmp_path, "bad", "raise SystemExit('no such thing')"))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        worker = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        outcomes, killed = {}, []

        def report(outcome):
            outcomes[outcome.name] = outcome
            if not killed:
                deadline = time.monotonic() + 20
                while len(list(tmp_path.glob("started*"))) < 3 and time.monotonic() < deadline:
                    time.sleep(0.05)
                cluster.remove_node(worker, allow_graceful=False)
                killed.append(worker)

        assert ray_runner.run_on_ray(jobs, report, cluster.address) == 0
    finally:
        cluster.shutdown()
    assert killed
    assert {name: outcome.code for name, outcome in outcomes.items()} == {
        **{f"cell{i}": 0 for i in range(4)},
        "bad": 1,
    }
    assert "no such thing" in outcomes["bad"].message
    assert all((tmp_path / f"done{i}").exists() for i in range(4))
    # One was started twice: the node died under it.
    assert len(list(tmp_path.glob("started*"))) == 5


def test_attacks_have_the_same_bytes_when_a_node_died(tmp_path, demo, capfd):
    pytest.importorskip("ray")
    if not (demo / "checkpoints" / "demo_vgg.ckpt.index").exists():
        pytest.skip("the demo zoo's checkpoints are not here")
    assert check_ray.main(["--output_dir", str(tmp_path / "out"), "--num_iter=120"]) == 0
    # Two cells of 24 images and three tables.
    assert "54 PNGs and tables are the same, though a node died" in capfd.readouterr().out
    assert check_ray.main(["--output_dir", str(tmp_path)]) == 2
    assert "is not empty" in capfd.readouterr().err
