"""A class by its number or by its name; what fits several, or none, is refused."""

import pytest

from utils.errors import UsageError
from utils.pipeline.labels import parse_class

NAMES = ("background", "tench, Tinca tinca", "great white shark, man-eater", "crane", "crane", "ox")


def parse(text, names=NAMES):
    return parse_class(text, "true_label", 5, names)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1", 1),
        ("5", 5),
        ("tench", 1),
        ("TINCA_tinca", 1),
        ("white", 2),
        ("man-eater", 2),
        (" ox", 5),
    ],
)
def test_what_names_one_class(text, label):
    assert parse(text) == label


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", "labels are 1 to 5"),
        ("6", "labels are 1 to 5"),
        ("-1", "labels are 1 to 5"),
        ("9" * 5000, "labels are 1 to 5"),
        ("crane", r"fits 2 classes \(3 crane, 4 crane\): give the number"),
        ("n", r"fits 4 classes"),
        ("tensh", "is no class: did you mean tench"),
        ("background", "is no class"),
        ("", "is no class"),
        ("shark\x1b[31m", "is no class"),
    ],
)
def test_what_does_not_is_one_sentence(text, said):
    with pytest.raises(UsageError, match=said) as error:
        parse(text)
    assert len(str(error.value)) < 400 and "\x1b" not in str(error.value)


def test_without_names_a_number_is_asked_for():
    assert parse("3", ()) == 3
    with pytest.raises(UsageError, match="--class_names FILE"):
        parse("tench", ())
