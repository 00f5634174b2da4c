"""What methods/README.md shows runs as it stands."""

import re

import numpy as np
import pytest

import methods
from methods.directions import MODES
from methods.registry import PARTS


@pytest.fixture
def tables():
    """Puts the tables back as they were."""
    kept = dict(MODES), dict(PARTS)
    yield
    for table, rows in zip((MODES, PARTS), kept, strict=True):
        table.clear()
        table.update(rows)


def test_the_examples_run_and_the_added_rows_work(tables, request):
    text = (request.config.rootpath / "methods" / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 3
    names = {}
    exec("\n".join(blocks), names)
    assert names["cosine"].shape == (2, 5)
    moved = np.abs(names["adversarial"].numpy() - names["images"]).max()
    assert 0 < moved <= 2 * 16 / 255 + 1e-6
    crafted = names["crafted_by_new"]["root"]
    assert (crafted.images.numpy() != names["images"]).any()
    assert methods.parse_method("hdm").title() == "MI-FGSM + DI + larger half"
    gradient = np.random.default_rng(0).standard_normal((2, 4, 4, 3)).astype(np.float32)
    kept = names["keep_larger_half"](gradient, None).numpy() != 0
    assert kept.sum(axis=(1, 2, 3)).tolist() == [24, 24]


def test_every_letter_mode_and_flag_of_the_tables_is_in_the_readme(request):
    text = (request.config.rootpath / "methods" / "README.md").read_text()
    for name in [*PARTS, *MODES]:
        assert f"| `{name}`" in text
