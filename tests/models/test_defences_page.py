"""docs/defences.md shows what there is, and its example runs."""

import re

import pytest

from models.defences import DEFENCES


@pytest.fixture
def text(request):
    return (request.config.rootpath / "docs" / "defences.md").read_text(encoding="utf-8")


def test_the_table_has_every_defence_and_no_other(text):
    between = text.partition("<!-- defences -->")[2].partition("<!-- /defences -->")[0]
    _, _, *lines = between.strip().splitlines()
    assert lines == [f"| `{row.example}` | {row.what} |" for row in DEFENCES.values()]


def test_the_example_runs(text):
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names = {}
    try:
        exec(code, names)
    finally:
        DEFENCES.pop("contrast", None)
    assert names["chain"].names == ("contrast50", "flip")
