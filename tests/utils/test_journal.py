import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import journal as journal_module
from utils.errors import DataError
from utils.journal import Journal

RECORDS = st.lists(
    st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=5))), max_size=5
)


@given(before=RECORDS, after=RECORDS, cut=st.integers(0, 200))
@settings(max_examples=100, deadline=None)
def test_a_cut_loses_no_whole_record_and_spoils_no_later_one(tmp_path_factory, before, after, cut):
    path = tmp_path_factory.mktemp("journal") / "a.jsonl"
    journal = Journal(path)
    journal.append(before)
    content = path.read_bytes()
    path.write_bytes(content[: max(0, len(content) - cut)])
    kept = journal.read()
    assert kept == before[: len(kept)]
    if cut == 0:
        assert kept == before
    journal.append(after)
    assert journal.read() == kept + after


def test_an_absent_file_is_an_empty_journal(tmp_path):
    assert Journal(tmp_path / "none").read() == []


def test_what_is_no_record_does_not_count(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'1\n[]\n\xff\xfe\n{"a": 1}\n{"b": 1}\n' + b"[" * 100_000 + b"\n{")
    assert Journal(path, ["a"]).read() == [{"a": 1}]


def test_failures_get_their_sentence(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="can't be read"):
        Journal(tmp_path).read()
    with pytest.raises(DataError, match="can't be written: .*same command again"):
        Journal(tmp_path / "none" / "a").append([{}])

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module.os, "fsync", full)
    with pytest.raises(DataError, match="No space left on device. Free some space"):
        Journal(tmp_path / "a").append([{}])
    assert os.listdir(tmp_path) == ["a"]
