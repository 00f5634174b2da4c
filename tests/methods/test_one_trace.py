"""One trace serves every value of an attack's inputs, and gives what a trace of its own gives."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import toy

import methods
from methods.inputs import Inputs, values_of

OTHER = dict(max_epsilon=5.3, max_l2=70.0, momentum=0.7, prob=0.3, vt_radius=1.1, pi_factor=3.0)
OTHER |= dict(pgn_radius=2.0, walk_radius=1.0)


def attack_of(word, source=None, **numbers):
    chosen = methods.AttackSettings(
        **dict(vt_samples=2, pgn_samples=2, walk_points=2, bsr_copies=2, num_scales=2, num_iter=3)
        | numbers
    )
    return methods.Attack(methods.parse_method(word), chosen, source or toy.linear())


def batch_of(count=3):
    return toy.images(count), toy.labels(count), toy.keys(count)


@pytest.mark.parametrize(
    ("word", "norm"),
    [("fgsm", "linf"), ("dvn", "linf"), ("pi", "linf"), ("vn", "l2")]
    + [("g", "linf"), ("xr", "l2")],
)
def test_other_numbers_need_no_other_trace_and_give_the_bytes_of_one(word, norm):
    traced = []

    def source(images):
        traced.append(images.shape)
        return toy.linear()(images)

    numbers = OTHER | {"norm": norm, "num_iter": 4}
    shared = attack_of(word, source, norm=norm, max_l2=300.0)
    shared(*batch_of(), ["affine", "matched"])
    before = len(traced)
    again = shared.with_settings(dataclasses.replace(shared.settings, **numbers))
    got = again(*batch_of(), ["affine", "matched"])
    assert len(traced) == before
    expected = attack_of(word, **numbers)(*batch_of(), ["affine", "matched"])
    for mode, crafted in expected.items():
        for name, part in crafted._asdict().items():
            np.testing.assert_array_equal(part, getattr(got[mode], name), err_msg=f"{mode} {name}")


@pytest.mark.parametrize("number", [dict(norm="l2", max_l2=9.0), dict(loss="logit"), dict(k=5)])
def test_what_shapes_the_loop_needs_a_trace_of_its_own(number):
    attack = attack_of("if")
    with pytest.raises(ValueError, match="a trace of their own"):
        attack.with_settings(dataclasses.replace(attack.settings, **number))


@pytest.mark.parametrize("word", ["fgsm", "if", *methods.PARTS])
def test_a_first_gradient_that_is_shared_does_not_depend_on_the_bound(word):
    one, other = attack_of(word), attack_of(word, max_epsilon=3.0, max_l2=9.0, num_iter=2)
    if one.first_gradient_key() is None:
        return
    assert one.first_gradient_key() == other.first_gradient_key()
    one, other = one.first(*batch_of()).gradient, other.first(*batch_of()).gradient
    np.testing.assert_array_equal(one, other)


def test_methods_share_the_first_gradient_where_they_look_alike():
    keys = {word: attack_of(word).first_gradient_key() for word in ("fgsm", "if", "m", "t", "d")}
    assert keys["fgsm"] == keys["if"] == keys["m"] == keys["t"] != keys["d"]
    assert attack_of("if", loss="logit").first_gradient_key() != keys["if"]
    assert attack_of("v").first_gradient_key() is None


def test_an_input_can_not_become_a_constant_unseen():
    settings = methods.AttackSettings()

    @tf.function(autograph=False)
    def forgets_the_cast(images, values):
        return images * Inputs(settings, values).momentum

    with pytest.raises((TypeError, ValueError)):
        forgets_the_cast(tf.zeros([2]), values_of(settings, False))
