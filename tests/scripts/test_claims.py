"""docs/claims.yaml: it parses, its sentences stand in their pages, and a cheap one is run."""

import pytest
import yaml

from scripts import claims as command
from tests.made_up_results import write_run, write_sweep
from utils.analysis.claims import RESULTS, judge_claim, read_claims, stands_in

FILE = command.ROOT / "docs" / "claims.yaml"
PAGES = ("README.md", "docs/results.md", "docs/methods.md", "data/demo/README.md")


@pytest.fixture(scope="module")
def claims():
    return read_claims(FILE)


def test_every_page_with_results_has_claims(claims):
    assert {claim.page for claim in claims} >= set(PAGES)


def test_every_sentence_stands_in_its_page_word_by_word(claims):
    assert [claim.sentence for claim in claims if not stands_in(claim, command.ROOT)] == []


def test_every_claim_has_a_command_that_is_there_or_says_that_none_is(claims):
    for claim in claims:
        assert bool(claim.command) == bool(claim.results) == bool(claim.figures)
        for line in claim.command.splitlines():
            _, words = command.split_command(line)
            assert words[0] == "python" and (command.ROOT / words[1]).is_file()
            # What is not in the claim's own folder bears its name, and is compared with that.
            assert any(word.startswith(f"{RESULTS}/{claim.results}") for word in words)
        assert not claim.command or f"{RESULTS}/{claim.results}" in words
        for figure in claim.figures:
            assert figure.within[0] <= figure.value <= figure.within[1]


def test_a_claim_is_run_and_holds(tmp_path, demo, capsys):
    if not (demo / "checkpoints" / "demo_inception.ckpt.index").exists():
        pytest.skip("the demo zoo's checkpoints are not here")
    arguments = ["--results", str(tmp_path), "--only", "random sign noise of 16 alone"]
    assert command.main(arguments) == 0
    assert "1 claims: 0 held, 0 not held, 1 not run." in capsys.readouterr().out
    assert command.main([*arguments, "--run", "--minutes", "0.1"]) == 0
    assert "takes about" in capsys.readouterr().out
    assert command.main([*arguments, "--run", "--minutes", "2"]) == 0
    assert "1 claims: 1 held, 0 not held, 0 not run." in capsys.readouterr().out


@pytest.fixture
def made_up(tmp_path):
    """A file of one claim over a made-up run, with some of its keys changed."""
    write_run(tmp_path / "results" / "runs")

    def write(**changes):
        figure = {"where": {"mode": "affine", "victim": "net_b"}, "value": 0, "within": [-100, 100]}
        claim = {"page": "README.md", "sentence": "FGNM attack bench", "results": "runs"}
        claim |= {"command": "python attack.py --nonsense", "figures": [figure | changes]}
        file = tmp_path / "claims.yaml"
        file.write_text(yaml.safe_dump({"claims": [claim]}))
        return ["--claims", str(file), "--results", str(tmp_path / "results")]

    return write


def test_what_lies_outside_its_interval_does_not_hold(made_up, capsys):
    assert command.main(made_up()) == 0
    assert "1 held" in capsys.readouterr().out
    assert command.main(made_up(within=[99, 100])) == 1
    text = capsys.readouterr().out
    assert "NOT HELD README.md: FGNM attack bench" in text and "NOT within [99, 100]" in text


def test_a_row_that_isnt_there_is_not_run(made_up, capsys):
    assert command.main(made_up(where={"mode": "affine"})) == 0
    assert "rows have affine, where one with gain_over_sign is due" in capsys.readouterr().out
    assert command.main(made_up(where={"colour": "red"})) == 0
    assert "no column colour" in capsys.readouterr().out


def test_variables_before_a_command_are_its_environment():
    line = "PYTHONWARNINGS='a b' X=1 python scripts/sweep.py --set num_iter=2"
    before, words = command.split_command(line)
    assert before == {"PYTHONWARNINGS": "a b", "X": "1"}
    assert words == ["python", "scripts/sweep.py", "--set", "num_iter=2"]


def test_a_command_that_fails_is_told_of(made_up, tmp_path, capsys):
    arguments = [*made_up()[:2], "--results", str(tmp_path / "none"), "--run"]
    assert command.main(arguments) == 0
    text = capsys.readouterr().out
    assert "NOT RUN" in text and "attack.py --nonsense ended with 2: " in text


def test_a_sentence_that_is_gone_is_told_of(made_up, tmp_path, capsys):
    arguments = made_up()
    file = tmp_path / "claims.yaml"
    file.write_text(file.read_text().replace("FGNM attack bench", "this stands nowhere"))
    assert command.main(arguments) == 1
    assert "NO LONGER in README.md" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["claims: 3", "- a", "claims: [{page: x}]", "claims: [", ""])
def test_a_broken_file_gets_a_sentence(text, tmp_path, capsys):
    file = tmp_path / "claims.yaml"
    file.write_text(text)
    assert command.main(["--claims", str(file)]) == 1
    assert f"{file} is no file of claims" in capsys.readouterr().err


def test_no_command_is_not_run(claims, tmp_path):
    (without,) = [claim for claim in claims if not claim.command]
    assert judge_claim(without, tmp_path).found == "no command yields it"


def test_a_figure_may_stand_in_a_table_of_its_own(made_up, tmp_path, capsys):
    arguments = made_up(table="rounding.csv", column="shift", where={"writer": "truncated"})
    assert command.main(arguments) == 0
    assert "1 not run" in capsys.readouterr().out
    (tmp_path / "results" / "runs" / "rounding.csv").write_text("writer,shift\ntruncated,-0.5\n")
    assert command.main(arguments) == 0
    assert "truncated: shift -0.5, within" in capsys.readouterr().out


@pytest.mark.parametrize("amount", ["equal_l2", "equal_ssim"])
def test_a_figure_may_be_of_an_equal_amount(made_up, tmp_path, capsys, amount):
    where = {"method": "if", "mode": "affine", "max_epsilon": 8.0, "victim": "net_b"}
    arguments = made_up(**{amount: True}, column="difference", where=where)
    write_sweep(tmp_path / "results" / "runs", epsilons=(2, 4, 8))
    assert command.main(arguments) == 0
    found = capsys.readouterr().out
    assert "1 held" in found and "net_b: difference" in found
