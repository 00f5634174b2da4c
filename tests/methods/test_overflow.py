"""Settings that overflow: every image stays inside, and the flag can be named."""

import numpy as np
import pytest
import toy

import methods
from utils.errors import MethodError

EPSILON = 2 * 16 / 255


@pytest.mark.parametrize(
    ("word", "settings"),
    [
        ("m", {"momentum": 2.0, "num_iter": 140}),
        ("m", {"momentum": 10.0, "num_iter": 45}),
        ("n", {"momentum": 1e4, "num_iter": 20}),
        ("mt", {"momentum": 1e15, "num_iter": 5, "ti_position": "after_momentum"}),
        ("pi", {"pi_factor": 1e20}),
        ("v", {"vt_radius": 1e20, "vt_samples": 2}),
        ("t", {"ti_nsig": 1e20}),
        ("g", {"pgn_radius": 1e20, "pgn_samples": 2}),
        ("x", {"walk_radius": 1e20, "walk_points": 2}),
    ],
)
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_images_stay_inside_whatever_overflows(word, settings, norm):
    bound = {"norm": norm, "max_l2": 100.0}
    # So few that the modes share one trace.
    batch = toy.images(3)
    modes = ["sign", "affine", "matched", "raw", "test"]
    crafted = toy.run(word, modes, count=3, **settings, **bound)
    for each in crafted.values():
        images = each.images.numpy()
        assert np.isfinite(images).all() and np.abs(images).max() <= 1
        difference = images - batch
        if norm == "linf":
            assert np.abs(difference).max() <= EPSILON + 1e-6
        else:
            assert np.sqrt((difference**2).sum((1, 2, 3))).max() <= 100 / 127.5 + 1e-5
        if word in ("m", "mt"):
            assert each.overflowed.numpy().all()
    named = methods.parse_method(word).raised_factors(methods.AttackSettings(**settings))
    assert len(named) == 1 and named[0].startswith(f"--{next(iter(settings))} ")


@pytest.mark.parametrize(
    "name",
    ["momentum", "pi_factor", "ti_nsig", "vt_radius", "aux_weight", "pgn_radius", "walk_radius"],
)
def test_numbers_beyond_float32_are_refused_by_name(name):
    with pytest.raises(MethodError, match=f"--{name} is 1e\\+40"):
        methods.AttackSettings(**{name: 1e40})
