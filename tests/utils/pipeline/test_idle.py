"""Flags that change nothing are refused by name, where a user gave them."""

import dataclasses
import shutil

import pytest
from absl import flags
from runs import RUN

from utils.errors import UsageError
from utils.pipeline import flags as run_flags
from utils.pipeline.config import RunConfig
from utils.pipeline.idle import refuse_idle
from utils.sweeps.grid import read_grid


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"max_l2": 500.0}, "--max_l2 needs --norm l2"),
        ({"norm": "l2", "max_l2": 500.0, "max_epsilon": 8.0}, "--max_epsilon needs --norm linf"),
        ({"prob": 0.5}, "--prob needs --method with d (DI)"),
        ({"method": "m", "image_resize": 310}, "--image_resize"),
        ({"momentum": 0.9}, "--momentum needs --method with m (MI-FGSM) or n (NI-FGSM)"),
        ({"ti_kernel": 7}, "--ti_kernel"),
        ({"method": "td", "ti_position": "after_momentum"}, "--ti_position needs --method with m"),
        ({"num_scales": 3}, "--num_scales"),
        ({"vt_samples": 3, "vt_radius": 1.0}, "--vt_samples and --vt_radius"),
        ({"pi_factor": 2.5}, "--pi_factor needs --method with pi (Patch-wise)"),
        ({"method": "fgsm", "num_iter": 10}, "--num_iter"),
        ({"targeted": True, "label": "predicted"}, "--label needs a run without --targeted"),
        ({"mode": ["sign", "raw"], "compare_sign": False}, "--compare_sign"),
        ({"k": 5}, "--k needs --mode test"),
        ({"rescale_form": "code"}, "--rescale_form needs --mode rescale"),
        ({"method": "m", "bsr_angle": 5.0}, "--bsr_angle needs --method with b (BSR)"),
    ],
)
def test_a_flag_without_effect_is_named(given, named, tmp_path):
    given = given | {"output_dir": str(tmp_path)}
    with pytest.raises(UsageError) as raised:
        refuse_idle([RunConfig.of_flags(given)], given)
    assert named in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {"method": "stdm", "prob": 0.5, "ti_kernel": 7, "num_scales": 3, "momentum": 0.5},
        {"method": "tn", "ti_position": "after_momentum"},
        {"method": "fgsm", "num_iter": 1},
        {"norm": "l2", "max_l2": 500.0},
        {"max_epsilon": 8.0, "norm": "linf"},
        {"targeted": True},
        {"label": "predicted"},
        {"mode": ["raw"], "compare_sign": False},
        {"mode": ["fgnm_k"], "k": 5},
    ],
)
def test_a_flag_that_counts_passes(given, tmp_path):
    given = given | {"output_dir": str(tmp_path)}
    refuse_idle([RunConfig.of_flags(given)], given)


def test_a_flag_that_counts_in_one_of_several_runs_passes():
    configs = [RunConfig.of_flags({"method": method, "prob": 0.5}) for method in ("if", "d")]
    refuse_idle(configs, {"prob"})
    with pytest.raises(UsageError, match="--vt_samples"):
        refuse_idle(configs, {"vt_samples"})


def test_only_what_stands_on_the_command_line_is_refused():
    if "max_epsilon" not in flags.FLAGS:
        run_flags.define_flags()
    saved = flags.FLAGS.flag_values_dict()
    try:
        flags.FLAGS(["attack.py", "--method=m"])
        run_flags.configs_from_flags()
        flags.FLAGS(["attack.py", "--method=m", "--prob=0.7"])
        with pytest.raises(UsageError, match="--prob"):
            run_flags.configs_from_flags()
        flags.FLAGS(["attack.py", "--method=m", "--prob=0.7", "--shared_flags"])
        run_flags.configs_from_flags()
    finally:
        for name, value in saved.items():
            flags.FLAGS[name].value, flags.FLAGS[name].present = value, 0


def test_a_run_with_fgnm_k_is_continued_with_its_k(undisturbed, runner, tmp_path):
    shutil.copytree(undisturbed, tmp_path / RUN)
    assert "--k needs --mode test" in runner.run(tmp_path, "--k=200001", code=2)
    runner.run(tmp_path, "--mode=test")
    runner.run(tmp_path, "--k=200001")


def test_a_grid_shares_its_flags_but_for_those_that_no_method_uses(tmp_path):
    text = "sources: [demo_vgg]\nmethods: [if, d]\nmodes: [sign]\nepsilons: [8]\nflags: "
    (tmp_path / "grid.yaml").write_text(text + "{prob: 0.5}")
    grid = read_grid(tmp_path / "grid.yaml")
    assert all("--shared_flags" in cell.command() for cell in grid.cells())
    # What the user leaves out of it is not the grid's fault.
    assert len(dataclasses.replace(grid, methods=("if",)).cells()) == 1
    (tmp_path / "grid.yaml").write_text(text + "{vt_samples: 3}")
    with pytest.raises(UsageError, match="flag vt_samples would change nothing"):
        read_grid(tmp_path / "grid.yaml")
