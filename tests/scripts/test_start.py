"""Help, a wrong flag and a missing file must not wait for TensorFlow, which takes seconds."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Runs a script as `python SCRIPT ...` does, then says what it has imported.
PROGRAM = """
import json, runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, ".")
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as ended:
    code = ended.code or 0
print()
print(json.dumps([code, [name for name in sys.modules if "." not in name]]))
"""


def _start(*arguments):
    """Returns the exit code, the imported top-level modules, the errors and the CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    code, modules = json.loads(process.stdout.splitlines()[-1])
    return code, set(modules), process.stderr, seconds


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--help"], 0, ""),
        (["--nosuchflag"], 2, "nosuchflag"),
        (["--method", "xyz"], 2, "--method"),
        (["--mode", "xyz"], 2, "--mode"),
        (["--source", "nosuchnetwork"], 2, "nosuchnetwork"),
        (["--zoo=demo", "--checkpoint_path=/nowhere"], 2, "/nowhere"),
        (["--zoo=demo", "--input_csv=/nowhere.csv"], 1, "/nowhere.csv"),
        (["--zoo=demo", "--input_dir=/nowhere"], 1, "/nowhere"),
    ],
)
def test_attack_says_what_is_wrong_without_tensorflow(arguments, code, named):
    ended, modules, errors, seconds = _start("attack.py", *arguments)
    assert ended == code and named in errors
    assert not modules & {"tensorflow", "tf_slim", "pandas"}, "see utils/quiet.py"
    # Whatever else the processor does can only add to it: the least of three tries is its own.
    tries = [seconds]
    while tries[-1] >= 1 and len(tries) < 3:
        tries.append(_start("attack.py", *arguments)[3])
    assert min(tries) < 1, tries


@pytest.mark.parametrize(
    "script",
    [
        "judge",
        "verify",
        "sweep",
        "doctor",
        "table",
        "fetch_checkpoints",
        "bench_attack",
        "bench_io",
    ],
)
def test_other_commands_explain_themselves_without_tensorflow(script):
    code, modules, _, _ = _start(f"scripts/{script}.py", "--help")
    assert code == 0 and "tensorflow" not in modules, "see utils/quiet.py"


def test_planning_a_sweep_waits_for_no_tables():
    code, modules, _, _ = _start("scripts/sweep.py", "--help")
    assert code == 0 and not modules & {"pandas", "scipy"}
