"""What all tests share."""

import gc
import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_finish() -> None:
    """Has the collector look at the tests' garbage seldom, and never at what was imported.

    Traced networks are millions of objects that stay; looking through them again and again took a
    ninth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


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
