"""sweep.py with real attacks on the demo zoo, as small as they can be."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import sweep

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "scripts" / "grids" / "paper.yaml"
GRID = """
sources: [demo_inception]
methods: [fgsm]
modes: [sign, affine]
epsilons: [8, 16]
victims: [demo_inception]
flags: {limit: 4, batch_size: 2}
"""


@pytest.fixture
def grid(tmp_path, demo):
    if not (demo / "checkpoints" / "demo_inception.ckpt.index").exists():
        pytest.skip("the demo zoo's checkpoints are not here")
    file = tmp_path / "grid.yaml"
    file.write_text(GRID)
    return file


def _results(folder):
    """Everything that must not depend on interruptions: the PNGs and the tables."""
    files = [*folder.rglob("*.png"), *folder.rglob("*.csv")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def _interrupted(grid, folder, journals):
    """Runs the sweep until so many cells have begun, and interrupts it there."""
    command = [sys.executable, "scripts/sweep.py", "--grid", grid, "--output_dir", folder]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while len(list(folder.rglob(".progress/crafted.jsonl"))) < journals:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    return process.returncode, output


def test_interrupted_twice_equals_uninterrupted(grid, tmp_path, capfd):
    once, thrice = tmp_path / "once", tmp_path / "thrice"
    assert sweep.main(["--grid", str(grid), "--output_dir", str(once)]) == 0
    assert "2 cells: 0 were there, 2 ran" in capfd.readouterr().out
    for journals in (1, 2):
        code, output = _interrupted(grid, thrice, journals)
        assert code == 130, output
        assert "give the same command again" in output
    arguments = ["--grid", str(grid), "--output_dir", str(thrice)]
    assert sweep.main(arguments) == 0
    expected = _results(once)
    assert len(expected) == 2 * (2 * 4 + 3)
    assert _results(thrice) == expected
    capfd.readouterr()
    # All is there: nothing runs, and the estimate is of what was learnt.
    assert sweep.main(arguments) == 0
    assert "2 cells: 2 were there, 0 ran" in capfd.readouterr().out


def test_a_failing_cell_is_listed_and_the_others_run(grid, tmp_path, capfd):
    output = tmp_path / "out"
    # A run with another seed is in the way of the first cell.
    folder = output / "demo/demo_inception/fgsm/eps8"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"identity": {"flags": {"seed": 5}}}')
    assert sweep.main(["--grid", str(grid), "--output_dir", str(output)]) == 1
    text = capfd.readouterr().out
    assert "1 failed" in text
    failure = next(line for line in text.splitlines() if line.startswith("  FAILED"))
    assert "demo_inception/fgsm/eps8" in failure and "--overwrite" in failure
    assert (output / "demo/demo_inception/fgsm/eps16/transfer.csv").exists()


def test_dry_run_runs_nothing(grid, tmp_path, capfd):
    output = tmp_path / "out"
    assert sweep.main(["--grid", str(grid), "--output_dir", str(output), "--dry_run"]) == 0
    text = capfd.readouterr().out
    assert "2 cells, 2 to run" in text and "estimated from" in text
    assert not output.exists()


def test_a_source_without_checkpoint_is_listed_not_run(tmp_path, capfd):
    file = tmp_path / "grid.yaml"
    text = GRID.replace("demo_inception", "inception_v3")
    file.write_text(text.replace("limit: 4", f"limit: 4, checkpoint_path: {tmp_path}"))
    assert sweep.main(["--grid", str(file), "--output_dir", str(tmp_path / "out")]) == 1
    text = capfd.readouterr().out
    assert "2 failed" in text and "No checkpoint of inception_v3" in text


def test_wrong_names_end_it_at_once(tmp_path, capfd):
    file = tmp_path / "grid.yaml"
    file.write_text(GRID.replace("demo_inception", "no_such_net"))
    assert sweep.main(["--grid", str(file)]) == 2
    assert "no_such_net" in capfd.readouterr().err


def test_the_papers_table_on_the_demo_zoo(tmp_path, grid, capfd):
    flags = "--zoo demo --limit 4 --table"
    arguments = ["--grid", str(PAPER), "--output_dir", str(tmp_path / "paper"), *flags.split()]
    assert sweep.main([*arguments, "--dry_run"]) == 0
    assert "14 cells, 14 to run" in capfd.readouterr().out
    assert not (tmp_path / "paper").exists()
    assert sweep.main([*arguments, "--methods", "fgsm"]) == 0
    text = capfd.readouterr().out
    assert "1 cells: 0 were there, 1 ran" in text and "| FGSM |" in text
    assert "sign beside the published figures" in text


def test_what_the_paper_needs_and_is_missing_is_said(tmp_path, capfd):
    assert sweep.main(["--grid", str(PAPER), "--checkpoint_path", str(tmp_path)]) == 1
    error = capfd.readouterr().err
    assert "inception_v3 has no checkpoint" in error and "ens4_adv_inception_v3" in error
