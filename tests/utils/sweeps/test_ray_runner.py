"""Ray on two nodes of this machine, of which one dies: with small processes and with attacks."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.errors import UsageError
from utils.sweeps import ray_runner
from utils.sweeps.process import Job

ROOT = Path(__file__).resolve().parents[3]
GRID = """
sources: [demo_vgg]
methods: [if, m]
modes: [sign]
epsilons: [16]
victims: [demo_resnet]
flags: {limit: 24, batch_size: 4, num_iter: 100}
"""


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


def _sweep(grid, folder, *more):
    command = [sys.executable, ROOT / "scripts" / "sweep.py", "--grid", grid]
    return subprocess.Popen([*command, "--output_dir", folder, *more])


def _tables(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.csv")}


def _under_way(folder):
    """The runs that have made an image and are not complete."""
    journals = folder.rglob(".progress/crafted.jsonl")
    runs = [path.parents[1] for path in journals if path.stat().st_size]
    return [run for run in runs if '"status": "complete"' not in (run / "run.json").read_text()]


def test_attacks_have_the_same_tables_when_a_node_died(tmp_path, demo):
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    if not (demo / "checkpoints" / "demo_vgg.ckpt.index").exists():
        pytest.skip("the demo zoo's checkpoints are not here")
    grid = tmp_path / "grid.yaml"
    grid.write_text(GRID)
    local, cells = tmp_path / "local", tmp_path / "ray"
    assert _sweep(grid, local).wait() == 0
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        worker = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        process = _sweep(grid, cells, "--runner", "ray", "--ray_address", cluster.address)
        deadline = time.monotonic() + 300
        while len(_under_way(cells)) < 2:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        cluster.remove_node(worker, allow_graceful=False)
        assert process.wait() == 0
    finally:
        cluster.shutdown()
    expected = _tables(local)
    assert len(expected) == 2 * 3 and _tables(cells) == expected
