"""Workers: many cells in one process, with the bytes of single runs, whatever becomes of some."""

import dataclasses
import fcntl
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from runs import results

from utils.pipeline.config import RunConfig
from utils.sweeps import worker
from utils.sweeps.cell import Cell
from utils.sweeps.local_runner import run_locally
from utils.sweeps.sweep import job_of
from utils.sweeps.worker import Worker

MEMORY = 1e9
# The cheapest networks; batch 2 makes groups of modes, and 5 images a last batch that is padded.
FLAGS = dict(source=("demo_vgg",), victims=("demo_vgg", "demo_resnet"), limit=5, batch_size=2)
FLAGS |= dict(zoo="demo", mode=("sign", "affine"), num_iter=2)


def job(output, **flags):
    return job_of(Cell(RunConfig.of_flags(FLAGS | flags | {"output_dir": str(output)})), Path.cwd())


GRID = [
    dict(method=method, max_epsilon=epsilon, source=(source,))
    for source in ("demo_vgg", "demo_resnet")
    for method in ("fgsm", "m")
    for epsilon in (4.0, 16.0)
]


@pytest.fixture(scope="module")
def swept(tmp_path_factory, demo):
    """A small grid by one worker: its folder, what became of its cells, and the worker."""
    output = tmp_path_factory.mktemp("swept")
    hand = Worker(MEMORY)
    yield output, [hand.run(job(output, **flags)) for flags in GRID], hand
    hand.close()


def test_all_cells_are_made_by_one_process(swept):
    output, outcomes, _ = swept
    assert [outcome.code for outcome in outcomes] == [0] * len(GRID)
    logs = [Path(outcome.log).read_text() for outcome in outcomes]
    assert all("Digest of all results" in log and "Zoo: demo" in log for log in logs)
    records = [json.loads(path.read_text()) for path in output.rglob("run.json")]
    assert len(records) == len(GRID)
    for record in records:
        (command,) = record["commands"]
        assert command.startswith("/") and "attack.py --method=" in command


def test_every_file_is_what_a_run_by_itself_leaves(swept, runner, tmp_path):
    output, _, _ = swept
    for flags in GRID:
        changed = {name: value for name, value in (FLAGS | flags).items() if name != "output_dir"}
        given = [
            f"--{name}={','.join(value) if isinstance(value, tuple) else value}"
            for name, value in changed.items()
        ]
        # Cells share their grid's flags, also with methods that take one step.
        runner.run(tmp_path, *given, "--shared_flags")
    expected = results(tmp_path)
    assert len(expected) == len(GRID) * (2 * 5 + 3)
    assert results(output) == expected
    for record in tmp_path.rglob("run.json"):
        alone, kept = (
            json.loads((place / record.relative_to(tmp_path)).read_text())
            for place in (tmp_path, output)
        )
        for name in ("identity", "results_sha256", "images_sha256", "mean_cosine", "victims"):
            assert alone[name] == kept[name]


def test_a_failing_cell_is_told_and_the_next_one_runs(swept, tmp_path):
    _, _, hand = swept
    process = hand._process.pid
    bad = hand.run(job(tmp_path, input_csv=str(tmp_path / "none.csv")))
    assert bad.code == 1 and "none.csv" in bad.message and bad.message.startswith("attack.py: ")
    overflowing = hand.run(job(tmp_path, method="m", momentum=1e20, num_iter=4))
    assert overflowing.code == 1 and "overflows" in overflowing.message
    assert hand.run(job(tmp_path, max_epsilon=3.0)).code == 0
    assert hand._process.pid == process


def test_a_worker_that_is_killed_costs_the_batches_under_way_and_no_cell(swept, tmp_path):
    output, _, hand = swept
    flags = GRID[-1] | {"mode": ("sign", "affine")}
    order = job(tmp_path, **flags)

    def kill():
        folder = Path(order.lock).parents[1]
        while not list(folder.glob("*/*.png")):
            time.sleep(0.002)
        os.kill(hand._process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = hand.run(order)
    killer.join()
    assert outcome.code == 0, outcome
    made = results(tmp_path)
    assert made and made.items() <= results(output).items()
    (record,) = (json.loads(path.read_text()) for path in tmp_path.rglob("run.json"))
    # Begun twice, in two processes: the second went on with what the first had written.
    assert len(record["commands"]) == 2


def test_a_cell_that_another_process_is_at_work_on_is_waited_for(swept, tmp_path):
    _, _, hand = swept
    order = job(tmp_path, max_epsilon=2.0)
    Path(order.lock).parent.mkdir(parents=True)
    with open(order.lock, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = threading.Thread(target=hand.run, args=(order,))
        running.start()
        time.sleep(0.5)
        assert not (Path(order.lock).parents[1] / "run.json").exists()
        fcntl.flock(lock, fcntl.LOCK_UN)
        running.join()
    assert (Path(order.lock).parents[1] / "transfer.csv").exists()


def test_a_cell_that_kills_its_worker_is_given_up_and_the_next_one_runs(
    tmp_path, monkeypatch, demo
):
    """The stand-in for TensorFlow's session ends the process as a segmentation fault does."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Deadly:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'utils.pipeline.session' and not os.path.exists('harmless'):\n"
        "            open('died', 'a').write('x')\n"
        "            print('about to die', flush=True)\n"
        "            os.kill(os.getpid(), signal.SIGSEGV)\n"
        "sys.meta_path.insert(0, Deadly())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    # A folder of the user's that is called as one of ours means nothing to a worker.
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils" / "__init__.py").write_text("raise SystemExit('another utils')")
    orders = [
        dataclasses.replace(job(tmp_path / "out", max_epsilon=e), cwd=str(tmp_path))
        for e in (2.0, 3.0)
    ]
    outcomes = []

    def report(outcome):
        outcomes.append(outcome)
        (tmp_path / "harmless").touch()

    assert run_locally(orders, report, memory=MEMORY) == 0
    dead, alive = outcomes
    assert (tmp_path / "died").read_text() == "xx"
    assert dead.code == 139 and "SIGSEGV" in dead.message and "about to die" in dead.message
    assert alive.code == 0


def test_a_signal_ends_the_cell_between_two_batches_and_begins_no_other(tmp_path, demo):
    orders = [job(tmp_path, num_iter=200, max_epsilon=e) for e in (4.0, 8.0)]
    folder = Path(orders[0].lock).parents[1]

    def interrupt():
        while not list(folder.glob("*/*.png")):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    outcomes = []
    assert run_locally(orders, outcomes.append, memory=MEMORY) == 130
    thread.join()
    assert outcomes == []
    assert "Stopped by SIGTERM" in Path(orders[0].log).read_text()
    assert not Path(orders[1].lock).exists()


def test_the_worker_begins_without_tensorflow():
    assert "tensorflow" not in vars(worker)
