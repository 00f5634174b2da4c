"""docs/robustness.md names only tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_it_names_exists():
    page = (ROOT / "docs" / "robustness.md").read_text()
    named = set(re.findall(r"`(tests/\S+\.py)::(test_\w+)`", page))
    assert len(named) > 20
    for file, name in named:
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), (file, name)


def test_every_file_of_tests_it_names_exists():
    page = (ROOT / "docs" / "robustness.md").read_text()
    named = set(re.findall(r"`(tests/[^:`]+\.py)", page))
    assert len(named) > 20
    assert not [file for file in named if not (ROOT / file).is_file()]
