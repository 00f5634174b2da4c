"""run.json: typed on the way in, plain JSON on the way out."""

import json

import pytest
from records import record_of

from utils.bound import Bound
from utils.errors import DataError, UsageError
from utils.pipeline.record import Identity, RunRecord

IDENTITY = Identity(flags={"seed": 0, "limit": None}, content={"--input_csv": "abc"})


def test_run_json_round_trip(tmp_path):
    assert RunRecord.read(tmp_path) is None
    assert RunRecord.read(tmp_path / "none") is None
    record = record_of(victims=("a", "b"), seconds={"craft": 1.5})
    record.write(tmp_path)
    assert RunRecord.read(tmp_path) == record
    plain = json.loads((tmp_path / "run.json").read_text())
    assert plain["flags"]["max_epsilon"] == 16 and plain["seconds"] == {"craft": 1.5}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "1", "[" * 100_000, '{"status": 1}'])
def test_a_strange_run_json_gets_its_sentence(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataError, match="is no run.json of attack.py .*--overwrite to start anew"):
        RunRecord.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"zoo": "zoo"}, "zoo: "),
        ({"sources": {}}, "sources: "),
        ({"victims": {"a": {"checkpoint": 1, "sha256": {}}}}, "victims.a.checkpoint: "),
        ({"images": "4"}, "images: "),
        ({"modes": {"sign": 1}}, "modes: "),
        ({"flags": {"method": "if"}}, "flags.max_epsilon: "),
        ({"status": None}, "status: "),
    ],
)
def test_a_field_of_another_kind_is_named(tmp_path, change, named):
    record_of().write(tmp_path)
    file = tmp_path / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(DataError) as refused:
        RunRecord.read(tmp_path)
    assert f"({named}" in str(refused.value)


def test_an_older_run_json_still_reads(tmp_path):
    record_of().write(tmp_path)
    file = tmp_path / "run.json"
    plain = json.loads(file.read_text())
    del plain["method_title"], plain["mean_cosine"], plain["skipped_images"]
    file.write_text(json.dumps(plain | {"something": "else"}))
    record = RunRecord.read(tmp_path)
    assert record.method_title == "if" and record.bound == Bound("linf", 16.0)


def test_what_differs_is_named(tmp_path):
    def continues(flags, content):
        Identity(flags=flags, content=content).check_continues(IDENTITY, tmp_path)

    continues(IDENTITY.flags, IDENTITY.content)
    with pytest.raises(UsageError, match="--seed is 1, but .* holds a run with 0: .*--overwrite"):
        continues({"seed": 1, "limit": None}, IDENTITY.content)
    with pytest.raises(UsageError, match="--limit is 5, but .* holds a run with None"):
        continues({"seed": 0, "limit": 5}, IDENTITY.content)
    with pytest.raises(UsageError, match="--later is 5, but .* holds a run with its default"):
        continues(IDENTITY.flags | {"later": 5}, IDENTITY.content)
    with pytest.raises(UsageError, match="--seed is its default, but .* holds a run with 0"):
        continues({"limit": None}, IDENTITY.content)
    with pytest.raises(UsageError, match="content of --input_csv is another"):
        continues(IDENTITY.flags, {"--input_csv": "abd"})
