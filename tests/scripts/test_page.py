"""page.py as a process: what ends it leaves nothing behind."""

import os
import signal
import sys
import tempfile
import types
from pathlib import Path

import pytest

from scripts import page


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_what_visitors_brought_goes_whatever_ends_the_page(monkeypatch, capsys, ending):
    places = []

    def build(_, place):
        (place / "uploads").mkdir()
        places.append(place)

    layout = types.SimpleNamespace(build=build, start=lambda *_: os.kill(os.getpid(), ending))
    monkeypatch.setitem(sys.modules, "utils.page.layout", layout)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    kept = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        assert page.main(["--no_browser"]) == 130
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
    assert "Stopped" in capsys.readouterr().err
    assert len(places) == 1 and not Path(places[0]).exists()


def test_answers_to_given_images_are_no_network_of_the_page(capsys):
    assert page.main(["--networks", "demo_vgg,predictions:vit.csv"]) == 2
    assert "predictions:vit.csv can't be: it answers to given images" in capsys.readouterr().err
