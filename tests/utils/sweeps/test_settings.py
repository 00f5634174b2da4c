"""--set key=value over a grid."""

import pytest

from utils.errors import UsageError
from utils.sweeps.grid import Grid
from utils.sweeps.settings import with_settings

GRID = Grid(("demo_inception",), ("if",), ("sign",), (16,), flags=(("limit", 5),))


def test_lists_and_flags_are_set_in_the_order_given():
    grid = with_settings(
        GRID,
        ["epsilons=4,8.5", "methods=n", "limit=9", "skip_missing=true", "limit=7", "targeted=true"],
    )
    assert grid.epsilons == (4, 8.5) and grid.methods == ("n",) and grid.skip_missing
    assert dict(grid.flags) == {"limit": 7, "targeted": True}


def test_a_comma_within_a_networks_name_parts_nothing():
    grid = with_settings(GRID, ["victims=saved_model:a?range=-1,1,demo_vgg", "seeds="])
    assert grid.victims == ("saved_model:a?range=-1,1", "demo_vgg") and grid.seeds == ()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("limit", "no key=value"),
        ("=3", "no key=value"),
        ("speed=3", "'speed', which is no flag"),
        ("seed=3", "belongs to the grid's own lists"),
        ("epsilons=many", "'many', which is of the wrong kind"),
        ("methods=", "leaves no methods"),
        ("modes=sign,sign", "names something twice"),
        ("skip_missing=3", "true or false"),
        ("limit=[", "is no value"),
    ],
)
def test_what_is_wrong_is_named(setting, sentence):
    with pytest.raises(UsageError, match=sentence) as refused:
        with_settings(GRID, [setting])
    assert str(refused.value).startswith(f"--set {setting}")
