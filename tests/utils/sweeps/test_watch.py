"""What is told of cells under way, from logs with tqdm's own bars."""

import io
import os
import time
from types import SimpleNamespace

from tqdm import tqdm

from utils.sweeps import watch
from utils.sweeps.watch import Watch, last_bar


def _bar(title, done, total):
    """What tqdm writes at so much, as into a file."""
    text = io.StringIO()
    with tqdm(total=total, desc=title, file=text, mininterval=0, unit="image") as bar:
        bar.update(done)
    return text.getvalue()


def test_the_last_bar_of_a_log_is_told(tmp_path):
    log = tmp_path / "log"
    assert last_bar(log) == ""
    log.write_text("Zoo: demo (--zoo says so).\n")
    assert last_bar(log) == ""
    log.write_text("Zoo: demo.\n" + _bar("Crafting", 40, 100))
    assert last_bar(log) == "Crafting 40 % (40/100)"
    log.write_text("x" * 9000 + _bar("Crafting", 100, 100) + _bar("Judging", 3, 12))
    assert last_bar(log) == "Judging 25 % (3/12)"


def _job(folder, name):
    return SimpleNamespace(name=name, log=str(folder / f"{name}.log"))


def test_cells_under_way_are_told_until_they_end(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "_SECONDS_BETWEEN", 0.01)
    jobs = [_job(tmp_path, name) for name in ("a", "b", "c")]
    for name, done in (("a", 1), ("b", 2), ("c", 3)):
        (tmp_path / f"{name}.log").write_text(_bar("Crafting", done, 4))
    old = time.time() - 60
    os.utime(tmp_path / "c.log", (old, old))
    told = []
    with Watch(jobs, told.append) as cells:
        deadline = time.monotonic() + 20
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)
        cells.ended("a")
        count = len(told)
        while len(told) < count + 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert told[0] == "a: Crafting 25 % (1/4); b: Crafting 50 % (2/4)"
    assert told[-1] == "b: Crafting 50 % (2/4)"
