"""Mutated checkpoints: a network or a BenchError. HOSTILE_EXAMPLES sets how many."""

import os
import random
import shutil
from pathlib import Path

import models
from utils.errors import BenchError

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "8"))
DEMO = Path(__file__).resolve().parents[2] / "data" / "demo" / "checkpoints"


def test_mutated_checkpoints(tmp_path):
    draws = random.Random(0)
    parts = sorted(DEMO.glob("demo_vgg.ckpt.*"))
    for _ in range(EXAMPLES):
        for part in parts:
            shutil.copy(part, tmp_path)
        path = tmp_path / draws.choice(parts).name
        content = bytearray(path.read_bytes())
        for _ in range(draws.randint(1, 4)):
            place = draws.randrange(len(content))
            content[place : place + draws.randint(0, 3)] = draws.randbytes(draws.randint(0, 3))
        path.write_bytes(content[: draws.choice([len(content), draws.randrange(len(content))])])
        try:
            assert models.load_classifier("demo_vgg", tmp_path).num_classes == 10
        except BenchError:
            continue
