"""The bound holds without asserts (`python -O`), and flags that overflow are named."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from data import read_image

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo" / "images"
RUN = (
    *("--zoo=demo", "--source=demo_vgg", "--victims=demo_vgg", "--mode=affine", "--limit=2"),
    *("--batch_size=2", "--nocompare_sign"),
)


def test_an_overflow_names_the_flag_without_asserts(tmp_path):
    flags = ("--method=m", "--momentum=2", "--num_iter=140", f"--output_dir={tmp_path}")
    done = subprocess.run(
        [sys.executable, "-O", str(ROOT / "attack.py"), *RUN, *flags],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "--momentum 2" in last and "checkpoint" not in last
    for path in tmp_path.rglob("affine/*.png"):
        clean = read_image(DEMO / path.name).astype(int)
        assert np.abs(read_image(path) - clean).max() <= 16
