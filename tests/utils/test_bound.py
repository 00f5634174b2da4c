import pytest

from methods import AttackSettings
from utils.bound import Bound

BOX = Bound("linf", 2.5)
BALL = Bound("l2", 1500.0)


def test_of_flags_takes_the_size_that_counts():
    flags = {"norm": "linf", "max_epsilon": 2.5, "max_l2": 7.0}
    assert Bound.of_flags(flags) == BOX
    assert Bound.of_flags(flags | {"norm": "l2", "max_l2": 1500}) == BALL
    assert Bound.of_flags({"max_epsilon": 2.5}) == BOX
    assert AttackSettings(norm="l2", max_l2=1500.0).bound == BALL


def test_names():
    assert (str(BOX), BOX.folder_name, BOX.flag) == ("epsilon 2.5", "eps2.5", "max_epsilon")
    assert (str(BALL), BALL.folder_name, BALL.flag) == ("L2 1500", "l2_1500", "max_l2")


def test_sizes():
    assert BOX.in_images == pytest.approx(2 * 2.5 / 255)
    assert BOX.epsilon == 2.5 and BALL.epsilon is None


def test_each_bound_looks_at_its_own_length():
    assert BOX.holds(linf=2.5, l2=9e9) and not BOX.holds(linf=3, l2=0)
    assert BALL.holds(linf=255, l2=1500) and not BALL.holds(linf=0, l2=1500.01)


def test_names_tell_every_two_sizes_apart():
    sizes = (2.12345, 2.123451, 0.123456789, 16.0, 1e-5)
    names = {Bound("linf", size).folder_name for size in sizes}
    assert names == {"eps2.12345", "eps2.123451", "eps0.123456789", "eps16", "eps1e-05"}
