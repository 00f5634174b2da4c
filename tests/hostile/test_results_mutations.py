"""Runs with broken files: the commands work or say one sentence, never a traceback.

Deterministic; RESULTS_MUTATIONS=5000 makes it long.
"""

import json
import os
import random
import re
import shutil

import pytest

from scripts import figures, report, table
from tests.made_up_results import write_run
from tests.mutations import mutated

COUNT = int(os.environ.get("RESULTS_MUTATIONS", "50"))
TABLES = ("transfer.csv", "per_image.csv", "steps.csv")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for epsilon in (4.0, 8.0, 16.0):
        write_run(folder, epsilon=epsilon, images=6)
    return folder


def _commands(folder, output, number):
    options = (
        *([], ["--layout", "modes"], ["--equal_l2"], ["--format", "latex"]),
        *(["--format", "csv"], ["--beside", "published"], ["--equal_l2", "--format", "csv"]),
    )
    yield table, [str(folder), *options[number % len(options)]]
    yield table, [str(folder), *options[(number + 1) % len(options)]]
    # Drawing takes a second or two.
    if number % 12 == 0:
        kinds = ("cosine,accuracy,image", "equal_l2,success_l2,strip", "accuracy_by_confidence")
        names = ["--figures", kinds[number // 12 % len(kinds)], "--formats", "svg"]
        yield figures, [str(folder), *names, "-o", str(output / "figures")]
    if number % 12 == 6:
        yield report, [str(folder), "--figures", "cosine", "-o", str(output / "page.html")]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_mutated_runs_never_trace_back(runs, tmp_path, capsys):
    (target,) = runs.rglob("eps8")
    refused = 0
    for number in range(COUNT):
        chance = random.Random(number)
        name = ("run.json", *TABLES)[number % 4]
        kept = (target / name).read_bytes()
        (target / name).write_bytes(mutated(chance, name, kept))
        try:
            for script, arguments in _commands(runs, tmp_path, number):
                code = script.main(arguments)
                shown = capsys.readouterr()
                assert code in (0, 1, 2), (number, arguments)
                if code:
                    assert shown.err.count("\n") == 1, (number, shown.err)
                    refused += 1
                else:
                    assert not re.search(r"\bnan\b(?!\w)", shown.out), (number, name, shown.out)
        except BaseException:
            print("mutation", number, "of", name)
            raise
        finally:
            (target / name).write_bytes(kept)
    assert refused > COUNT / 2


@pytest.mark.parametrize("name", ["run.json", *TABLES])
@pytest.mark.parametrize("kind", ["empty", "header", "extra", "missing", "doubled", "cut"])
def test_a_broken_file_is_named(runs, tmp_path, capsys, name, kind):
    folder = tmp_path / "run"
    shutil.copytree(next(runs.rglob("eps8")), folder)
    lines = (folder / name).read_text().splitlines()
    if name == "run.json" and kind in ("header", "extra", "doubled"):
        lines = {"header": ["{}"], "extra": [*lines, "{}"], "doubled": lines * 2}[kind]
    else:
        lines = {
            "empty": [],
            "header": lines[:1],
            "extra": [*lines[:-1], lines[-1] + ",1"],
            "missing": [line.partition(",")[2] for line in lines],
            "doubled": [*lines, lines[-1]],
            "cut": [*lines[:-1], lines[-1].rpartition(",")[0]],
        }[kind]
    (folder / name).write_text("".join(line + "\n" for line in lines))
    for script, options in (
        (table, ["--layout", "modes"]),
        (figures, ["--figures", "cosine,accuracy", "-o", str(tmp_path / "f")]),
        (report, ["--figures", "cosine", "-o", str(tmp_path / "page.html")]),
    ):
        assert script.main([str(folder), *options]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and str(folder / name) in error, error


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("transfer.csv", "misclassified", "0"),
        ("transfer.csv", "success_rate", "99.00"),
        ("transfer.csv", "mean_l2", "1.000"),
        ("transfer.csv", "setting", "black-box"),
        ("transfer.csv", "images", "7"),
        ("transfer.csv", "method", "m"),
        ("per_image.csv", "adversarial_label", "1"),
        ("per_image.csv", "l2", "1.000"),
        ("per_image.csv", "victim", "net_z"),
        ("per_image.csv", "image_id", "0001"),
        ("per_image.csv", "true_label", "9"),
        ("per_image.csv", "clean_label", "9"),
        ("per_image.csv", "max_epsilon", "4"),
        ("steps.csv", "mean_cosine", "7"),
        ("steps.csv", "iteration", "3"),
    ],
)
def test_what_contradicts_is_not_shown(runs, tmp_path, capsys, name, column, value):
    folder = tmp_path / "run"
    shutil.copytree(next(runs.rglob("eps8")), folder)
    lines = [line.split(",") for line in (folder / name).read_text().splitlines()]
    lines[1][lines[0].index(column)] = value
    (folder / name).write_text("".join(",".join(line) + "\n" for line in lines))
    assert table.main([str(folder), "--layout", "modes"]) == 1
    assert str(folder / name) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "m"), ("max_epsilon", 4.0), ("seed", 3), ("targeted", True), ("num_iter", 3)],
)
def test_flags_that_contradict_their_identity_are_refused(runs, tmp_path, capsys, name, value):
    folder = tmp_path / "run"
    shutil.copytree(next(runs.rglob("eps8")), folder)
    record = json.loads((folder / "run.json").read_text())
    record["flags"][name] = value
    (folder / "run.json").write_text(json.dumps(record))
    assert table.main([str(folder)]) == 1
    assert "run.json can't be used: its flags differ" in capsys.readouterr().err
