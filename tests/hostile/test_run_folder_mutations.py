"""Runs' own files, broken: verify, judge and a resume work or say one sentence, and nothing wrong.

Deterministic; RUN_MUTATIONS=2000 makes it long.
"""

import json
import os
import random
import shutil
import signal

import pytest

from scripts import judge, verify
from tests.hostile.test_special_files import put
from tests.mutations import mutated
from utils.errors import BenchError
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute

COUNT = int(os.environ.get("RUN_MUTATIONS", "32"))
FILES = ("run.json", "per_image.csv", "transfer.csv", "steps.csv")
JOURNALS = (".progress/crafted.jsonl", ".progress/judged.jsonl")
FLAGS = {
    **{"zoo": "demo", "source": ["demo_vgg"], "victims": ["demo_vgg"], "limit": 3},
    **{"batch_size": 3, "num_iter": 2},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder, and the configuration that it came from."""
    config = RunConfig.of_flags(FLAGS | {"output_dir": str(tmp_path_factory.mktemp("run"))})
    return execute(config), config


@pytest.fixture
def work(run):
    """The same, to be broken; afterwards it is as it was."""
    folder, config = run
    kept = folder.parent / "kept"
    shutil.copytree(folder, kept)
    yield folder, config
    shutil.rmtree(folder)
    os.rename(kept, folder)


def _contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.suffix in (".png", ".csv")}


def test_mutated_run_folders(run, capsys):
    folder, config = run
    sound, caught, resumed = _contents(folder), 0, 0
    for number in range(COUNT):
        chance = random.Random(number)
        name = FILES[max(0, number % 8 - 4)]
        kept = (folder / name).read_bytes()
        record = (folder / "run.json").read_bytes()
        changed = mutated(chance, name, kept)
        (folder / name).write_bytes(changed)
        capsys.readouterr()
        try:
            code = verify.main([str(folder)])
            shown = capsys.readouterr()
            assert code in (0, 1, 2) and shown.err.count("\n") <= 1, (number, shown.err)
            caught += code > 0
            # What a table says is held to the PNGs in every cell.
            assert code or name == "run.json" or changed == kept, (number, name, shown.out)
            if number % 4 == 0:
                assert judge.main([str(folder)]) in (0, 1, 2), number
                assert capsys.readouterr().err.count("Error") == 0
                _renew(folder, name, kept, changed)
            if number % 4 == 0:
                try:
                    execute(config)
                    resumed += 1
                    assert _contents(folder) == sound, number
                except BenchError as error:
                    assert str(error)
        except BaseException:
            print("mutation", number, "of", name)
            raise
        finally:
            for path, content in sound.items():
                path.write_bytes(content)
            (folder / "run.json").write_bytes(record)
    assert caught > COUNT / 2 and resumed


def _renew(folder, name, kept, changed):
    """What judge.py has mended is broken again."""
    if name == "run.json":
        (folder / name).write_bytes(changed)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
@pytest.mark.parametrize("name", [*FILES, *JOURNALS, "sign/PNG"])
def test_what_is_no_file_in_a_runs_folder(work, capsys, kind, name):
    folder, config = work
    first = next(path.name for path in sorted((folder / "sign").iterdir()))
    path = folder / name.replace("PNG", first)
    path.unlink()
    put(kind, path)
    signal.alarm(60)  # whatever hangs fails
    assert verify.main([str(folder)]) == 1
    if name not in FILES[1:]:
        assert judge.main([str(folder)]) in (0, 1, 2)
    if kind == "pipe" and name in (FILES[0], *JOURNALS):
        with pytest.raises(BenchError, match="not a regular file"):
            execute(config)
    signal.alarm(0)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("modes", [["../sign"], ["sign", "sign"], [], ["/etc"], ["clean"], ["x"]])
def test_modes_that_no_run_has_lead_nowhere(work, capsys, modes):

    folder, _ = work
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"modes": modes}))
    for script in (verify, judge):
        assert script.main([str(folder)]) == 2
        assert "holds modes that no run has" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["/", "/dev/zero", "/proc", "fetched by Keras", "\0", "x" * 999])
def test_a_checkpoint_that_is_none_is_not_read(work, capsys, place):

    folder, _ = work
    record = json.loads((folder / "run.json").read_text())
    record["victims"]["demo_vgg"]["checkpoint"] = place
    (folder / "run.json").write_text(json.dumps(record))
    assert judge.main([str(folder)]) == 1
    assert capsys.readouterr().err.count("judge.py: ") == 1
    assert verify.main([str(folder), "--predictions"]) in (1, 3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method_title": "MI-FGSM"}, "run.json calls the method MI-FGSM; if is I-FGSM"),
        ({"results_sha256": ""}, "holds no digest of all results"),
        ({"skipped_images": 7}, "run.json says skipped_images 7; the originals, 0"),
        ({"published_accuracy": 99.0}, "says that 99.0 % is published of demo_vgg; None is"),
    ],
)
def test_verify_sees_what_tables_would_show(work, capsys, change, said):

    folder, _ = work
    record = json.loads((folder / "run.json").read_text())
    holder = record["victims"]["demo_vgg"] if "published_accuracy" in change else record
    holder |= change
    (folder / "run.json").write_text(json.dumps(record))
    assert verify.main([str(folder)]) == 1
    assert said in capsys.readouterr().out


def test_verify_sees_images_in_capitals(work, capsys):
    folder, _ = work
    shutil.copy(next((folder / "sign").iterdir()), folder / "X.PNG")
    assert verify.main([str(folder)]) == 1
    assert "X.PNG is not of this run" in capsys.readouterr().out


def test_no_name_forges_a_line_of_the_outcome(work, capsys):
    folder, _ = work
    png = next((folder / "sign").iterdir())
    shutil.copy(png, folder / "x\n\x1b[2Kall of this holds.png")
    record = json.loads((folder / "run.json").read_text())
    assert verify.main([str(folder)]) == 1
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert sum("all of this holds" in line for line in shown.splitlines()) == 1
    record["flags"]["input_csv"] = "a\nverify.py: all of this holds."
    (folder / "run.json").write_text(json.dumps(record))
    assert verify.main([str(folder)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
