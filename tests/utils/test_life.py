"""A command that works silently says so, and nothing is added where it has spoken."""

import io
import sys

import pytest

from utils import life
from utils.life import SignOfLife


class Standing(io.StringIO):
    """Standard output that tells whether what was written to it went out."""

    flushed = 0

    def flush(self):
        self.flushed += 1


@pytest.fixture
def said(monkeypatch):
    """What was told to the user."""
    sentences = []
    monkeypatch.setattr(life, "say", lambda sentence, begun: sentences.append((sentence, begun)))
    # Longer than any test takes: the thread that watches shall not speak here.
    monkeypatch.setattr(life, "_SILENT_FOR", float("inf"))
    monkeypatch.setattr(life, "_EVERY", 1e6)
    return sentences


def test_silence_is_broken_once(said):
    sign = SignOfLife()
    sign.watch()
    sign.give("Loading.")
    sign.give()
    assert said == [("Loading.", False)]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_nothing_is_added_to_what_was_said_and_that_goes_out(said, monkeypatch, stream):
    monkeypatch.setattr(sys, "stdout", Standing())
    monkeypatch.setattr(sys, "stderr", Standing())
    sign = SignOfLife()
    sign.watch()
    print("Zoo: demo.", file=getattr(sys, stream))
    print("More.", file=getattr(sys, stream))
    sign.give()
    assert said == [] and sys.stdout.flushed
    assert getattr(sys, stream).getvalue() == "Zoo: demo.\nMore.\n"


def test_a_program_that_is_no_command_stays_silent(said):
    SignOfLife().give()
    assert said == []


def test_nothing_is_written_where_standard_error_is_closed(said, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    sign = SignOfLife()
    sign.watch()
    sign.give()
    assert said == []


def test_lasting_silence_is_broken_by_itself(said, monkeypatch):
    monkeypatch.setattr(life, "_SILENT_FOR", 0.0)
    sign = SignOfLife()
    sign.watch()
    sign._thread.join()
    assert said == [("At work.", False)]
