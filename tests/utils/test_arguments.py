"""Slips in flags' names are answered with the name that was meant."""

import pytest

from utils.arguments import Parser, did_you_mean

NAMES = ("max_epsilon", "num_iter", "input_csv", "input_dir", "method", "mode", "k")


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        *[("epsilon", "max_epsilon"), ("eps", "max_epsilon"), ("max-epsilon", "max_epsilon")],
        *[("iter", "num_iter"), ("csv", "input_csv"), ("methods", "method"), ("modes", "mode")],
    ],
)
def test_the_nearest_name_is_given(slip, meant):
    assert did_you_mean(slip, NAMES) == f" (did you mean --{meant}?)"


def test_nothing_near_is_no_suggestion():
    assert did_you_mean("zzz", NAMES) == "" and did_you_mean("x", NAMES) == ""


def test_a_parser_names_it_before_what_is_missing(capsys):
    parser = Parser(prog="x.py", description="Two\nlines.")
    parser.add_argument("run_folder")
    parser.add_argument("--predictions", action="store_true")
    with pytest.raises(SystemExit) as raised:
        parser.parse_args(["--predicitons"])
    assert raised.value.code == 2
    assert "no flag --predicitons (did you mean --predictions?)" in capsys.readouterr().err
    assert parser.parse_args(["a", "--pred"]).predictions
    assert parser.parse_args(["--", "--odd"]).run_folder == "--odd"
    assert "Two\nlines." in parser.format_help()
