"""docs/own_network.md as its reader follows it: its blocks are executed as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from utils.analysis.families import load_families
from utils.analysis.figures.selection import Choices, Selection
from utils.pipeline.record import RunRecord

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "own_network.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder in which the page was followed."""
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("own")
    (program,) = blocks("python")
    (folder / "digits.py").write_text(program)
    commands = "\n".join(blocks("bash"))
    # The reader is in the checkout; here its commands are given from elsewhere.
    commands = commands.replace("python attack.py", f"python {ROOT / 'attack.py'}")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    program = f'set -e\npython() {{ "{sys.executable}" "$@"; }}\n{commands}'
    done = subprocess.run(
        ["bash", "-c", program], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, done.stdout


def test_the_network_has_learnt_its_digits(followed):
    accuracy = re.search(r"images it has not seen: ([0-9.]+)", followed[1])
    assert float(accuracy.group(1)) > 0.9


@pytest.mark.parametrize("method", ["fgsm", "if"])
def test_both_directions_fool_it_and_the_images_stay_grey(followed, method):
    (table,) = followed[0].glob(f"results/demo/*/{method}/eps32/transfer.csv")
    rows = pd.read_csv(table).set_index("mode")
    assert list(rows.index) == ["sign", "affine"] and (rows["images"] == 100).all()
    assert (rows["success_rate"] > 30).all() and (rows["clean_errors"] < 10).all()
    assert rows["mean_l2"]["affine"] < rows["mean_l2"]["sign"]
    for mode in rows.index:
        pixels = np.asarray(Image.open(table.parent / mode / "digit000.png"))
        assert pixels.shape == (28, 28, 3)
        assert (pixels == pixels[..., :1]).all()


def test_nothing_says_that_these_were_the_demo_zoos_networks_or_classes(followed):
    assert "These are networks of your own" in followed[1] and "DEMO" not in followed[1]
    assert "belongs to the demo zoo" not in followed[1]
    (run,) = followed[0].glob("results/demo/*/fgsm/eps32")
    assert RunRecord.read(run).class_zoo == ""
    (family,) = load_families([run])
    assert family.title.startswith("networks of one's own, source saved_model:")
    assert Selection(family, Choices(figures=())).class_names(3) == "3"
