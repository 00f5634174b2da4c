import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from utils import journal as journal_module
from utils.errors import DataError
from utils.journal import Journal


class Entry(BaseModel):
    model_config = ConfigDict(strict=True)

    text: str
    number: int


RECORDS = st.lists(st.builds(Entry, text=st.text(max_size=5), number=st.integers()), max_size=5)


@given(before=RECORDS, after=RECORDS, cut=st.integers(0, 200))
@settings(max_examples=100, deadline=None)
def test_a_cut_loses_no_whole_record_and_spoils_no_later_one(tmp_path_factory, before, after, cut):
    path = tmp_path_factory.mktemp("journal") / "a.jsonl"
    journal = Journal(path, Entry)
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
    assert Journal(tmp_path / "none", Entry).read() == []


def test_what_is_no_record_does_not_count(tmp_path):
    path = tmp_path / "a.jsonl"
    whole = Entry(text="a", number=1)
    lines = [b"1", b"[]", b"\xff\xfe", whole.model_dump_json().encode(), b'{"text": "a"}']
    lines += [b'{"text": "a", "number": "1"}', b"[" * 100_000, b"{"]
    path.write_bytes(b"\n".join(lines))
    assert Journal(path, Entry).read() == [whole]


def test_failures_get_their_sentence(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="can't be read"):
        Journal(tmp_path, Entry).read()
    with pytest.raises(DataError, match="can't be written: .*same command again"):
        Journal(tmp_path / "none" / "a", Entry).append([])

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module.os, "fsync", full)
    with pytest.raises(DataError, match="No space left on device. Free some space"):
        Journal(tmp_path / "a", Entry).append([])
    assert os.listdir(tmp_path) == ["a"]
