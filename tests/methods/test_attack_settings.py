"""The numbers of an attack are checked when they are put together."""

import math

import pytest

from methods import AttackSettings
from utils.bound import Bound
from utils.errors import MethodError


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("max_epsilon", 0),
        ("max_epsilon", 255.5),
        ("max_epsilon", math.nan),
        ("num_iter", 0),
        ("num_iter", 2.5),
        ("num_iter", True),
        ("norm", "l1"),
        ("max_l2", 0.0),
        ("step_size", 0.0),
        ("step_size", 32.5),
        ("step_size", math.nan),
        ("momentum", -0.1),
        ("momentum", math.inf),
        ("k", -1),
        ("k", 268203),
        ("loss", "hinge"),
        ("aux_weight", -1.0),
        ("prob", 1.1),
        ("image_resize", 299),
        ("ti_kernel", 4),
        ("ti_nsig", 0.0),
        ("ti_position", "last"),
        ("num_scales", 32),
        ("vt_samples", 0),
        ("vt_radius", math.nan),
        ("pi_factor", 0.0),
        ("pgn_samples", 0),
        ("pgn_radius", -1.0),
        ("walk_points", 1.5),
        ("walk_radius", math.inf),
        ("bsr_copies", 0),
        ("bsr_strips", 11),
        ("bsr_angle", 181.0),
        ("rescale_form", "own"),
    ],
)
def test_out_of_range_names_the_flag_and_the_value(flag, value):
    with pytest.raises(MethodError) as error:
        AttackSettings(**{flag: value})
    assert f"--{flag} is {value!r}" in str(error.value)


def test_the_l2_ball_needs_a_radius():
    with pytest.raises(MethodError, match="needs --max_l2"):
        AttackSettings(norm="l2")
    AttackSettings(norm="l2", max_l2=100.0)


def test_a_step_is_at_most_twice_the_bound_of_the_norm():
    with pytest.raises(MethodError, match="--step_size is 9.*at most twice --max_epsilon, 4"):
        AttackSettings(max_epsilon=4, step_size=9)
    with pytest.raises(MethodError, match="--step_size is 201.*twice --max_l2, 100"):
        AttackSettings(norm="l2", max_l2=100.0, step_size=201)
    AttackSettings(norm="l2", max_l2=100.0, step_size=200)


def test_the_ends_of_the_ranges_are_in():
    AttackSettings(max_epsilon=255, num_iter=1, k=268202, prob=1, momentum=0, aux_weight=0)


def test_the_bound_is_the_one_of_the_norm():
    assert AttackSettings(max_epsilon=2.5, max_l2=100.0).bound == Bound("linf", 2.5)
    assert AttackSettings(norm="l2", max_l2=100.0).bound == Bound("l2", 100.0)


def test_a_later_flag_is_in_the_recipe_only_where_it_is_not_at_its_default():
    assert "pgn_samples" not in AttackSettings().recipe()
    recipe = AttackSettings(pgn_samples=5, rescale_form="code").recipe()
    assert (recipe["pgn_samples"], recipe["rescale_form"]) == (5, "code")
    assert recipe["num_iter"] == 10
