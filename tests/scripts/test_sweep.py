"""sweep.py with real attacks on the demo zoo, as small as they can be."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import sweep
from tests.made_up_results import write_run

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "scripts" / "grids" / "paper.yaml"
GRID = """
sources: [demo_vgg]
methods: [fgsm]
modes: [sign, affine]
epsilons: [8, 16]
victims: [demo_vgg]
flags: {limit: 4, batch_size: 2}
"""


@pytest.fixture
def grid(tmp_path, demo):
    if not (demo / "checkpoints" / "demo_vgg.ckpt.index").exists():
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
    folder = output / "demo/demo_vgg/fgsm/eps8"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"identity": {"flags": {"seed": 5}}}')
    assert sweep.main(["--grid", str(grid), "--output_dir", str(output)]) == 1
    text = capfd.readouterr().out
    assert "1 failed" in text
    failure = next(line for line in text.splitlines() if line.startswith("  FAILED"))
    assert "demo_vgg/fgsm/eps8" in failure and "--overwrite" in failure
    assert (output / "demo/demo_vgg/fgsm/eps16/transfer.csv").exists()


def test_dry_run_runs_nothing(grid, tmp_path, capfd):
    output = tmp_path / "out"
    assert sweep.main(["--grid", str(grid), "--output_dir", str(output), "--dry_run"]) == 0
    text = capfd.readouterr().out
    assert "2 cells, 2 to run" in text and "estimated from" in text
    assert not output.exists()


def test_values_are_set_over_the_grids(grid, tmp_path, capfd):
    output = tmp_path / "out"
    arguments = ["--grid", str(grid), "--output_dir", str(output), "--dry_run"]
    settings = ["--set", "epsilons=4", "--set", "methods=m,n", "--set", "limit=3"]
    assert sweep.main([*arguments, *settings, "--set", "num_iter=2"]) == 0
    text = capfd.readouterr().out
    assert "2 cells, 2 to run" in text and "demo_vgg/n/eps4 seed 0  (3 images" in text
    assert sweep.main([*arguments, "--set", "speed=1"]) == 2
    assert "--set speed=1: flags holds 'speed'" in capfd.readouterr().err


def test_a_grid_whose_places_arent_there_says_what_to_give(tmp_path, capfd):
    mobilenets = PAPER.with_name("mobilenets.yaml")
    nowhere = tmp_path / "nowhere"
    arguments = ["--grid", str(mobilenets), "--set", f"input_csv={nowhere}", "--dry_run"]
    assert sweep.main([*arguments, "--set", f"input_dir={nowhere}"]) == 2
    error = capfd.readouterr().err
    assert f"names checkpoint_path checkpoints, input_csv {nowhere}, input_dir {nowhere}" in error
    assert "give --checkpoint_path, --input_csv, --input_dir, or --zoo demo" in error


def test_ray_is_looked_for_before_anything_is_planned(grid, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(sweep, "plan", lambda cells: pytest.fail("it has planned"))
    assert sweep.main(["--grid", str(grid), "--runner", "ray"]) == 2
    assert "pip install -r requirements-ray.txt" in capfd.readouterr().err


def test_a_source_without_checkpoint_is_listed_not_run(tmp_path, capfd):
    file = tmp_path / "grid.yaml"
    text = GRID.replace("demo_vgg", "inception_v3")
    file.write_text(text.replace("limit: 4", f"limit: 4, checkpoint_path: {tmp_path}"))
    assert sweep.main(["--grid", str(file), "--output_dir", str(tmp_path / "out")]) == 1
    text = capfd.readouterr().out
    assert "2 failed" in text and "No checkpoint of inception_v3" in text


def test_wrong_names_end_it_at_once(tmp_path, capfd):
    file = tmp_path / "grid.yaml"
    file.write_text(GRID.replace("demo_vgg", "no_such_net"))
    assert sweep.main(["--grid", str(file)]) == 2
    assert "no_such_net" in capfd.readouterr().err


def test_the_papers_table_on_the_demo_zoo(tmp_path, grid, capfd):
    flags = "--zoo demo --limit 4 --table"
    arguments = ["--grid", str(PAPER), "--output_dir", str(tmp_path / "paper"), *flags.split()]
    assert sweep.main([*arguments, "--dry_run"]) == 0
    assert "14 cells, 14 to run" in capfd.readouterr().out
    assert not (tmp_path / "paper").exists()
    # Another run that the folder holds is no part of the table.
    write_run(tmp_path / "paper", method="m", source="demo_inception")
    assert sweep.main([*arguments, "--methods", "fgsm"]) == 0
    text = capfd.readouterr().out
    assert "1 cells: 0 were there, 1 ran" in text and "| FGSM |" in text
    assert "sign beside the published figures" in text
    assert "MI-FGSM" not in text


def test_what_the_paper_needs_and_is_missing_is_said(tmp_path, capfd):
    targeted = str(PAPER.with_name("paper_targeted.yaml"))
    places = ["--checkpoint_path", str(tmp_path), "--dry_run"]
    assert sweep.main(["--grid", str(PAPER), "--grid", targeted, *places]) == 1
    error = capfd.readouterr().err
    assert "inception_v3 has no checkpoint" in error and "ens4_adv_inception_v3" in error
    assert "fetch_checkpoints.sh inception_v3 inception_v4 resnet_v2_152" in error
    assert "1.78 GB of weights" in error and "densenet161 is published by the TF-slim" in error
    assert "With all of it the 28 cells take about" in error and " on this machine" in error
