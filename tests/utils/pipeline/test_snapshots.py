"""Snapshots: run folders of fewer iterations from one pass, each as a run by itself leaves it."""

import json

import pytest

from methods import AttackSettings
from utils.errors import UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.snapshots import step_of

IF = "demo/demo_vgg/if"


def contents(folder):
    """Every PNG and table of a run."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in [*folder.rglob("*.png"), *folder.glob("*.csv")]
    }


@pytest.fixture(scope="module")
def taken(runner, tmp_path_factory):
    output = tmp_path_factory.mktemp("snapshots")
    text = runner.run(output, "--num_iter=4", "--snapshots=1,2,4")
    return output, text


def test_each_is_byte_for_byte_a_run_of_so_many_iterations(taken, runner, tmp_path):
    output, text = taken
    names = {path.name for path in (output / IF).iterdir()}
    assert names == {"eps16", "eps16_iter1_step4", "eps16_iter2_step4"}
    assert "eps16_iter2_step4/" in text
    runner.run(tmp_path, "--num_iter=2", "--step_size=4")
    alone, snapshot = (where / IF / "eps16_iter2_step4" for where in (tmp_path, output))
    expected = contents(alone)
    assert len(expected) == 2 * 12 + 3 and contents(snapshot) == expected
    records = [json.loads((each / "run.json").read_text()) for each in (alone, snapshot)]
    assert records[0]["results_sha256"] == records[1]["results_sha256"] != ""
    assert records[0]["identity"] == records[1]["identity"]


def test_the_same_command_mends_a_snapshot_and_its_own_run_goes_on_in_it(taken, runner):
    output, _ = taken
    snapshot = output / IF / "eps16_iter1_step4"
    before = contents(snapshot)
    for path in (snapshot / "affine").iterdir():
        path.unlink()
    runner.run(output, "--num_iter=4", "--snapshots=1,2,4")
    assert contents(snapshot) == before
    text = runner.run(output, "--num_iter=1", "--step_size=4")
    assert "Crafting" not in text and contents(snapshot) == before


@pytest.mark.parametrize(
    ("given", "method", "sentence"),
    [
        ("1,11", "if", "no iteration 11, it ends after 10: .*--num_iter"),
        ("2", "fgsm", "no iteration 2, it ends after 1"),
        ("0,5", "if", "'0' is no iteration"),
        ("five", "if", "'five' is no iteration"),
        ("5,05", "if", "names an iteration twice"),
    ],
)
def test_a_snapshot_that_is_never_reached_is_refused(given, method, sentence):
    with pytest.raises(UsageError, match=sentence):
        RunConfig(method=method, snapshots=tuple(given.split(",")))


def test_a_snapshot_keeps_the_step_of_the_whole_attack():
    config = RunConfig(snapshots=("5", "10"), attack=AttackSettings(num_iter=20))
    (number, run), (_, other) = config.of_snapshots().items()
    assert (number, run.attack.num_iter, run.attack.step_size) == (5, 5, 0.8)
    assert other.folder("demo", ("a",)).name == "eps16_iter10_step0.8"
    assert run.recipe() == RunConfig(attack=AttackSettings(num_iter=5, step_size=0.8)).recipe()
    given = RunConfig(snapshots=("5",), attack=AttackSettings(step_size=2.0))
    assert given.of_snapshots()[5].attack.step_size == 2.0
    for iterations in range(1, 101):
        step_of(AttackSettings(max_epsilon=16), iterations)
