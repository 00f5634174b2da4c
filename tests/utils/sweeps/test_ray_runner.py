"""Ray on two nodes of this machine, of which one dies: with small processes and with attacks."""

import sys
import threading
import time
from pathlib import Path

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


def _comes_true(condition):
    deadline = time.monotonic() + 50
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def _is_alive(process):
    """Whether it is there and no zombie."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_without_ray_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="pip install -r requirements-ray.txt"):
        ray_runner.run_on_ray([], print)


def test_a_node_that_is_killed_costs_no_cell(tmp_path):
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    # Whoever has a cell keeps it until an actor has died with its node: both are at work then.
    wait = (
        "import os, time; open(f'started{os.getpid()}', 'w').write(str(os.getppid()))\n"
        "deadline = time.time() + 60\n"
        "while not os.path.exists('died') and time.time() < deadline: time.sleep(0.05)\n"
    )
    jobs = [_job(tmp_path, f"cell{i}", wait + f"open('done{i}', 'w')") for i in range(4)]
    jobs.append(_job(tmp_path, "bad", "raise SystemExit('no such thing')"))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        worker = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        outcomes = {}

        def kill():
            assert _comes_true(lambda: len(list(tmp_path.glob("started*"))) >= 2)
            actors = [int(path.read_text()) for path in tmp_path.glob("started*")]
            cluster.remove_node(worker, allow_graceful=False)
            # An actor outlives its node for a while, in which it may still answer.
            assert _comes_true(lambda: not all(map(_is_alive, actors)))
            (tmp_path / "died").touch()

        def report(outcome):
            outcomes[outcome.name] = outcome

        killer = threading.Thread(target=kill)
        killer.start()
        assert ray_runner.run_on_ray(jobs, report, cluster.address) == 0
        killer.join()
    finally:
        cluster.shutdown()
    assert (tmp_path / "died").exists()
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
