"""Documents name only files that there are, and README.md stays short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT)
    for folder in (".", "docs", "methods", "models", "data/demo", "scripts/grids")
    for path in (ROOT / folder).glob("*.md")
)
# What users put there.
NOT_HERE = re.compile(r"^data/imagenet\b")


def named_paths(page):
    """The files that a page links to, and those of ours that it names."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", text):
        yield (ROOT / page).parent / target
    ours = "utils|methods|models|data|scripts|tests|docs"
    for name in re.findall(rf"(?<![\w/.])((?:{ours})/[\w./-]*\w/?)", text):
        if not NOT_HERE.match(name):
            yield ROOT / name


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_it_names_exists(page):
    missing = [str(path) for path in named_paths(page) if not path.exists()]
    assert not missing


def test_the_architecture_names_each_floor():
    named = {
        path.relative_to(ROOT).as_posix() for path in named_paths(Path("docs/architecture.md"))
    }
    assert {"utils/pipeline", "utils/analysis", "utils/sweeps", "utils/benchmarks"} <= named


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
