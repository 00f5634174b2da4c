"""The benchmark of sweeps: which commands it times, and what it makes of their times."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts import bench_sweep


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were timed; each takes ten seconds less than the one before."""
    commands: list[list[str]] = []

    def take(command: Sequence[str]) -> float:
        commands.append(list(command))
        return 50.0 - 10.0 * len(commands)

    monkeypatch.setattr(bench_sweep, "cpu_seconds", take)
    return commands


@pytest.mark.parametrize("before", [True, False])
def test_workers_are_held_against_another_checkout_or_a_process_a_cell(
    before: bool, timed: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--contests", "mobilenets", "--set", "input_csv=photos.csv"]
    arguments += ["--before", str(tmp_path)] if before else []
    assert bench_sweep.main(arguments) == 0
    first, workers = timed
    here = str(Path(bench_sweep.__file__).with_name("sweep.py"))
    assert workers[1] == here and workers[-1] == "--set=input_csv=photos.csv"
    assert "--isolate" not in workers
    if before:
        assert first[1] == str(tmp_path / "scripts" / "sweep.py")
        assert first[-1] == "--input_csv=photos.csv" and "--isolate" not in first
    else:
        assert first[1] == here and "--isolate" in first and first[-1] == workers[-1]
    name = "before" if before else "a process a cell"
    assert f"| {name} 40.0 | workers 30.0 | 0.750 | 0.7 |" in capsys.readouterr().out
