"""What all tests share."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' folder of reference numbers, real checkpoints and photos."""
    folder = ROOT.parent / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip("../shared is not here")
    return folder


@pytest.fixture(scope="session")
def demo() -> Path:
    """The demo zoo's folder."""
    return ROOT / "data" / "demo"
