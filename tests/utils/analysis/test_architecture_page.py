"""The figure and the table that docs/architecture.md adds work."""

import re

import pytest

from scripts import figures, table
from tests.made_up_results import write_run
from utils.analysis.figures import FIGURES
from utils.analysis.layouts import LAYOUTS


@pytest.fixture
def tables():
    """Puts the tables back as they were."""
    kept = dict(FIGURES), dict(LAYOUTS)
    yield
    for kinds, rows in zip((FIGURES, LAYOUTS), kept, strict=True):
        kinds.clear()
        kinds.update(rows)


def test_the_examples_run_and_the_added_rows_work(tables, request, tmp_path, capsys):
    text = (request.config.rootpath / "docs" / "architecture.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 2
    exec("\n".join(blocks), {})
    folder = str(write_run(tmp_path / "results"))
    assert table.main([folder, "--layout", "plain"]) == 0
    assert "| net_b | affine |" in capsys.readouterr().out
    assert figures.main([folder, "--figures", "bars", "-o", str(tmp_path)]) == 0
    assert (tmp_path / "bars.png").stat().st_size > 1000
