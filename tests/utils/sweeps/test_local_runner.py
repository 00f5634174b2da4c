import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from utils.sweeps.local_runner import run_locally, visible_gpus
from utils.sweeps.process import Job, ProcessPerCell


def _job(folder, name, code):
    return Job(
        name,
        (sys.executable, "-c", code),
        str(folder),
        str(folder / f"{name}.log"),
        str(folder / "x"),
    )


@pytest.mark.parametrize(
    ("named", "gpus"),
    [("", []), ("-1", []), ("2", ["2"]), ("1,0", ["1", "0"]), ("0,-1,1", ["0"])],
)
def test_gpus_are_those_that_cuda_may_see(monkeypatch, named, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus() == gpus


def test_else_gpus_are_those_that_the_driver_lists(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus() == []
    command = tmp_path / "nvidia-smi"
    listed = "GPU 0: NVIDIA X (UUID: GPU-a)\\n  MIG 1g Device 0: (UUID: b)\\nGPU 1: NVIDIA X\\n"
    command.write_text(f"#!/bin/sh\nprintf '{listed}'\n")
    command.chmod(0o755)
    assert visible_gpus() == ["0", "1"]


def test_starting_processes_needs_no_tensorflow():
    code = "import sys, utils.sweeps.local_runner; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_goes_on_after_a_failure_and_keeps_its_last_line(tmp_path):
    jobs = [
        _job(tmp_path, "bad", "print('first'); raise SystemExit('attack.py: so it is')"),
        _job(tmp_path, "killed", "import os; os.kill(os.getpid(), 9)"),
        _job(tmp_path, "good", "open('here', 'w')"),
    ]
    outcomes = []
    assert run_locally(jobs, outcomes.append) == 0
    assert [outcome.code for outcome in outcomes] == [1, 137, 0]
    assert outcomes[0].message == "attack.py: so it is"
    assert "first" in (tmp_path / "bad.log").read_text()
    assert (tmp_path / "here").exists()


def test_as_many_at_a_time_as_asked(tmp_path):
    # Each waits until the other is there, which one after the other would never be.
    code = (
        "import os, sys, time; open(sys.argv[0] + str(os.getpid()), 'w')\n"
        "end = time.monotonic() + 20\n"
        "while len([n for n in os.listdir() if n.startswith('-c')]) < 2:\n"
        "    assert time.monotonic() < end\n    time.sleep(0.02)"
    )
    outcomes = []
    jobs = [_job(tmp_path, name, code) for name in "ab"]
    assert run_locally(jobs, outcomes.append, processes=2) == 0
    assert [outcome.code for outcome in outcomes] == [0, 0]


def test_a_signal_stops_what_runs_and_starts_no_more(tmp_path):
    code = (
        "import signal, sys, time\n"
        "signal.signal(15, lambda *_: (open('stopped', 'w'), sys.exit(143)))\n"
        "open('started', 'w'); time.sleep(60)"
    )
    jobs = [_job(tmp_path, "long", code), _job(tmp_path, "never", "open('never', 'w')")]

    def interrupt():
        while not (tmp_path / "started").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    before = signal.getsignal(signal.SIGINT)
    outcomes = []
    assert run_locally(jobs, outcomes.append) == 130
    assert (tmp_path / "stopped").exists() and not (tmp_path / "never").exists()
    assert outcomes == []
    assert signal.getsignal(signal.SIGINT) is before


def test_waits_for_the_folders_lock(tmp_path):
    import fcntl

    job = _job(tmp_path, "cell", "open('here', 'w')")
    with open(tmp_path / "x", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=ProcessPerCell().run, args=(job,))
        thread.start()
        time.sleep(0.3)
        assert not (tmp_path / "here").exists()
        fcntl.flock(lock, fcntl.LOCK_UN)
        thread.join(timeout=20)
    assert (tmp_path / "here").exists()
