"""Flags become a configuration, or one sentence that names the wrong one."""

from dataclasses import fields

import pytest
from absl import flags

from methods import AttackSettings
from utils.errors import MethodError, UsageError
from utils.pipeline.config import RunConfig


def test_modes_put_sign_first_and_resolve_aliases():
    config = RunConfig.of_flags({"mode": ["fgnm_k", "affine"]})
    assert config.modes == ("sign", "test", "affine")
    assert RunConfig(mode=("fgnm_n",), compare_sign=False).modes == ("affine",)
    assert RunConfig(mode=("raw", "sign"), compare_sign=False).modes == ("sign", "raw")


def test_method_names_are_canonical():
    assert RunConfig(method="IF").method == "if"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"method": "xyz"}, "--method"),
        ({"mode": ["signum"]}, "signum"),
        ({"mode": [], "compare_sign": False}, "--mode"),
        ({"mode": ["affine", "fgnm_n"]}, "--mode"),
        ({"max_epsilon": 0.0}, "--max_epsilon"),
        ({"max_epsilon": 256.0}, "--max_epsilon"),
        ({"max_epsilon": float("nan")}, "--max_epsilon"),
        ({"num_iter": 0}, "--num_iter"),
        ({"momentum": -1.0}, "--momentum"),
        ({"k": 268203}, "--k"),
        ({"batch_size": 0}, "--batch_size"),
        ({"limit": 0}, "--limit"),
        ({"seed": -1}, "--seed"),
        ({"zoo": "cifar"}, "--zoo"),
        ({"label": "guess"}, "--label"),
        ({"dtype": "float16"}, "--dtype"),
        ({"victim_preprocessing": "none"}, "--victim_preprocessing"),
        ({"source": ["a", "a"]}, "--source"),
    ],
)
def test_a_wrong_value_is_named(wrong, named):
    with pytest.raises((UsageError, MethodError), match=named) as raised:
        RunConfig.of_flags(wrong)
    assert "\n" not in str(raised.value)


def test_every_flag_survives_the_way_through_run_json():
    config = RunConfig.of_flags({"method": "m", "max_epsilon": 2.5, "victims": ["a", "b"]})
    assert RunConfig.of_flags(config.all_flags()) == config


def test_a_grids_whole_number_is_what_the_command_line_makes_of_it():
    # run.json said 1 in one place and 1.0 in another, and tables refused the folder.
    config = RunConfig.of_flags({"step_size": 1, "momentum": 1, "num_iter": 20})
    assert repr(config.recipe()["step_size"]) == "1.0"
    assert repr(config.all_flags()["momentum"]) == "1.0"
    assert repr(config.attack.num_iter) == "20"


def test_the_recipe_holds_what_results_depend_on_and_nothing_else():
    recipe = RunConfig().recipe()
    assert {"method", "seed", "max_epsilon", "num_iter"} <= set(recipe)
    assert not {"mode", "victims", "limit", "batch_size", "output_dir", "overwrite"} & set(recipe)


def test_results_need_a_folder_of_their_own():
    with pytest.raises(UsageError, match="--output_dir is empty"):
        RunConfig(output_dir="")


def test_the_folder_is_the_contract_s():
    config = RunConfig(output_dir="out")
    assert str(config.folder("demo", ("a", "b"))) == "out/demo/a+b/if/eps16"
    targeted = RunConfig(attack=AttackSettings(max_epsilon=2.5, targeted=True))
    assert targeted.folder("imagenet", ("a",)).name == "eps2.5_targeted"
    steps = AttackSettings(step_size=0.8, num_iter=5, targeted=True)
    assert RunConfig(attack=steps).folder("demo", ("a",)).name == "eps16_iter5_step0.8_targeted"
    one = RunConfig(method="fgsm", attack=AttackSettings(step_size=4.0))
    assert one.folder("demo", ("a",)).name == "eps16_iter1_step4"
    ball = RunConfig(attack=AttackSettings(norm="l2", max_l2=1500))
    assert ball.folder("imagenet", ("saved_model:/a/b?c",)).parts[-3:] == (
        "saved_model__a_b_c",
        "if",
        "l2_1500",
    )


def test_every_field_is_a_flag_with_a_line_of_help():
    from utils.pipeline import flags as run_flags

    if "max_epsilon" not in flags.FLAGS:
        run_flags.define_flags()
    for item in (*fields(RunConfig), *fields(AttackSettings)):
        if item.name == "attack":
            continue
        text = flags.FLAGS[item.name].help
        assert text.endswith(".") and len(text) > 15, item.name
