"""Reading finished runs must start at once: what only a run needs is not even imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.made_up_results import write_run

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from scripts import {script}
assert {script}.main(sys.argv[1:]) == 0
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for epsilon in (8.0, 16.0):
        victims = ("inception_v3", "inception_v4")
        write_run(folder, "m", epsilon, images=8, source="inception_v3", victims=victims, pngs=True)
    return folder


def _imported(script, *arguments):
    command = [sys.executable, "-c", PROGRAM.format(script=script), *map(str, arguments)]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("options", [["--beside", "published"], ["--equal_l2", "--format", "csv"]])
def test_tables_need_neither_tensorflow_nor_matplotlib(runs, options):
    imported = _imported("table", runs, *options)
    assert "pandas" in imported
    assert not imported & {"tensorflow", "matplotlib", "scipy.stats", "PIL.Image"}


def test_figures_and_page_need_no_tensorflow(runs, tmp_path):
    options = ["--formats", "png", "-o", tmp_path / "figures"]
    assert "tensorflow" not in _imported("figures", runs, *options)
    page = _imported("report", runs, "--figures", "strip", "-o", tmp_path / "report.html")
    assert "tensorflow" not in page
