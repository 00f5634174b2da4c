"""From words to compositions."""

import itertools

import pytest

import methods
from methods import parse_method, parse_mode
from utils.errors import MethodError


@pytest.mark.parametrize(
    "name", ["if", "m", "d", "t", "s", "sd", "td", "sdt", "stdm", "fgsm", "pi"]
)
def test_the_authors_names_are_canonical(name):
    assert parse_method(name).name == name


def test_order_and_case_mean_nothing_and_names_are_their_own_canonical_names():
    for size in range(1, 5):
        for letters in itertools.combinations(["s", "t", "d", "v", "m", "pi"], size):
            names = {parse_method("".join(p)).name for p in itertools.permutations(letters)}
            assert len(names) == 1
            name = names.pop()
            assert parse_method(name.upper()).name == name
            assert parse_method(name).letters == set(letters)


def test_every_set_of_letters_has_a_name_of_its_own():
    rivals = ["mn", "sb", "vg", "vx", "gx", ("r", "pi")]
    sets = [
        letters
        for size in range(1, len(methods.PARTS) + 1)
        for letters in itertools.combinations(methods.PARTS, size)
        if not any(set(pair) <= set(letters) for pair in rivals)
    ]
    names = {parse_method("".join(letters)).name for letters in sets}
    assert len(names) == len(sets) == 3 * 3 * 4 * 3 * 2 * 2 - 1
    assert all(parse_method(name).name == name for name in names)


def test_what_an_iteration_costs():
    settings = methods.AttackSettings()
    words = {"m": 1, "sd": 5, "v": 21, "g": 40, "mb": 10, "mx": 12, "gb": 400, "fgsmg": 40}
    assert {word: parse_method(word).gradients_per_step(settings) for word in words} == words


def test_fgsm_is_one_step_and_takes_letters_that_mean_something_in_one():
    assert parse_method("fgsm").iterations(10) == 1
    assert parse_method("dtsfgsm").letters == {"d", "t", "s"}
    assert parse_method("m").iterations(10) == 10


@pytest.mark.parametrize(
    ("word", "needles"),
    [
        ("", ["empty", "m (MI-FGSM)"]),
        ("mz", ["'z'", "m (MI-FGSM)", "pi (Patch-wise)"]),
        ("mm", ["'m' is there twice"]),
        ("mn", ["two momenta", "MI-FGSM", "NI-FGSM"]),
        ("ifm", ["'if'", "write 'm'"]),
        ("fgsmm", ["one step", "MI-FGSM"]),
        ("fgsmpi", ["one step", "Patch-wise"]),
        ("fgsmr", ["one step", "RGD"]),
        ("rpi", ["two kinds of step", "Patch-wise", "RGD"]),
        ("sb", ["two kinds of copies", "SI", "BSR"]),
        ("gx", ["two ways to look round a point", "PGN", "FGRM's walk"]),
        ("vg", ["two ways to look round a point", "VT", "PGN"]),
        ("iffgsm", ["'if'", "write 'fgsm'"]),
        ("m d", ["' '"]),
    ],
)
def test_what_cannot_be_is_explained(word, needles):
    with pytest.raises(MethodError) as error:
        parse_method(word)
    for needle in needles:
        assert needle in str(error.value)


def test_modes_have_aliases_and_unknown_ones_list_the_known():
    assert parse_mode("fgnm_n").name == "affine"
    assert parse_mode("FGNM_K").name == "test"
    assert parse_mode("fgrm").name == "rescale"
    with pytest.raises(MethodError, match="affine = fgnm_n"):
        parse_mode("cube")


def test_titles_name_the_parts():
    assert parse_method("dm").title() == "MI-FGSM + DI"
    assert parse_method("if").title() == "I-FGSM"
    assert parse_method("fgsm").title() == "FGSM"
