"""A step of an attack as HLO."""

import json
import re

import numpy as np
import pytest

from scripts import export_step, run_step


def test_the_program_takes_what_is_written_beside_it(demo, tmp_path, capsys):
    options = ["--checkpoint_path", str(demo / "checkpoints"), "--batch_size", "2"]
    assert export_step.main(["--source", "demo_vgg", *options, "-o", str(tmp_path)]) == 0
    assert "demo_vgg, 2 images, float32; 25 parameters" in capsys.readouterr().out
    text = (tmp_path / "step.hlo.txt").read_text()
    assert text.startswith("HloModule") and "convolution" in text
    layout = re.search(r"entry_computation_layout=\{\((.*)\)->f32\[2,64,64,3\]", text)[1]
    taken = re.findall(r"([fs]32)\[([\d,]*)\]", layout)
    described = json.loads((tmp_path / "step.json").read_text())["parameters"]
    kinds = {"float32": "f32", "int32": "s32"}
    assert [(kinds[each["dtype"]], each["shape"]) for each in described] == [
        (kind, [int(side) for side in shape.split(",") if side]) for kind, shape in taken
    ]
    assert [each["name"] for each in described[:3]] == ["images", "labels", "keys"]
    assert described[3]["name"] == "demo_vgg/conv1/conv1_1/weights"
    arrays = np.load(tmp_path / "step.npz")
    assert all(list(arrays[f"p{i}"].shape) == each["shape"] for i, each in enumerate(described))
    # FGNM_N's step of epsilon 16: as long as sign's, before the clip.
    step = (arrays["result"] - arrays["p0"]) * 127.5
    assert 0 < np.abs(step).max() <= 16.01
    assert (tmp_path / "step.hlo.pb").stat().st_size > 10_000


def test_a_batch_that_is_none_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        export_step.main(["--batch_size", "0", "-o", str(tmp_path)])
    assert ended.value.code == 2
    assert "--batch_size must be a whole number" in capsys.readouterr().err


def test_what_runs_it_says_what_it_lacks(tmp_path, capsys):
    pytest.importorskip("jax")
    assert run_step.main([str(tmp_path)]) == 2
    assert "holds no exported step" in capsys.readouterr().err


def test_jax_computes_the_same(demo, tmp_path, capsys):
    pytest.importorskip("jax")
    options = ["--checkpoint_path", str(demo / "checkpoints"), "--batch_size", "2"]
    assert export_step.main(["--source", "demo_vgg", *options, "-o", str(tmp_path)]) == 0
    assert run_step.main([str(tmp_path), "--seconds", "0"]) == 0
    said = capsys.readouterr().out
    assert "gradients a second in batches of 2" in said and "0.000 % of the entries" in said
