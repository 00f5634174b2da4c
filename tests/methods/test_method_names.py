"""Methods by the names that people know."""

import pytest

from methods import parse_method
from utils.errors import MethodError


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        *[("I-FGSM", "if"), ("ifgsm", "if"), ("bim", "if"), ("FGSM", "fgsm")],
        *[("mifgsm", "m"), ("MI-FGSM", "m"), ("mi_fgsm", "m"), ("MI", "m"), ("mim", "m")],
        *[("ni-fgsm", "n"), ("NI", "n"), ("di", "d"), ("DI2-FGSM", "d"), ("di²-fgsm", "d")],
        *[("ti", "t"), ("TI-FGSM", "t"), ("si", "s"), ("si-ni-fgsm", "sn"), ("SINI-FGSM", "sn")],
        *[("vmi", "vm"), ("VMI-FGSM", "vm"), ("vnifgsm", "vn"), ("mi-di-ti-si", "stdm")],
        *[
            ("MI+DI", "dm"),
            ("m-d", "dm"),
            ("Patch-wise", "pi"),
            ("pi-fgsm", "pi"),
            ("PGN", "g"),
            ("bsr", "b"),
        ],
        # Sets of letters stay what they were.
        *[("vt", "tv"), ("dfgsm", "fgsmd"), ("d-fgsm", "fgsmd"), ("mpi", "mpi"), ("pid", "dpi")],
    ],
)
def test_a_usual_name_stands_for_its_letters(name, letters):
    assert parse_method(name) == parse_method(letters)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dim", "write dm, or d"),
        ("TIM", "write tm, or t"),
        ("si-ni-ti-dim", "write dm, or d"),
        ("PGD", "I-FGSM from a random start"),
        ("mi-fgnm", "--mode affine"),
        ("mi-what", "m (MI-FGSM)"),
        ("-", "m (MI-FGSM)"),
    ],
)
def test_a_name_of_several_things_gets_a_sentence(name, said):
    with pytest.raises(MethodError) as raised:
        parse_method(name)
    assert said in str(raised.value)
