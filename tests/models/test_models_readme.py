"""What models/README.md shows runs as it stands, and its table of networks is the zoo's."""

import re
import textwrap

import pytest

from models.zoo import NETWORKS


@pytest.fixture
def text(request):
    return (request.config.rootpath / "models" / "README.md").read_text(encoding="utf-8")


def line(row):
    cells = f"`{row.name}`", row.family, row.trained, f"`{row.files[0]}`", row.side, row.num_classes
    return f"| {' | '.join(map(str, cells))} |"


def test_the_table_has_every_network_and_no_other(text):
    between = text.partition("<!-- networks -->")[2].partition("<!-- /networks -->")[0]
    header, rule, *lines = between.strip().splitlines()
    assert header == "| Name | Family | Trained | File | Side | Classes |"
    assert rule == "| --- | --- | --- | --- | --- | --- |"
    assert lines == [line(row) for row in NETWORKS.values()]


@pytest.mark.filterwarnings("ignore:.*layer.apply.*:UserWarning")
def test_the_example_runs_and_is_proven_as_said(text):
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 2
    names = {}
    try:
        exec("\n".join(textwrap.dedent(code) for code in blocks), names)
    finally:
        NETWORKS.pop("tiny", None)
    assert names["logits"].shape == (2, 1001)
