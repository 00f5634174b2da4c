"""The doctor's measurement."""

import pytest

from models import NETWORKS
from utils.doctor import speed
from utils.doctor.photos import check_photos


def test_what_a_run_would_take():
    measured = speed.Speed(gradients=100.0, predictions=300.0, gradients_tf32=None, png=0.01)
    # 20,000 gradients, 3000 predictions by each of two victims, 2000 PNGs.
    assert measured.run_seconds(victims=2) == pytest.approx(200 + 20 + 20)


def test_a_short_measurement(demo):
    measured = speed.measure(NETWORKS["demo_vgg"], demo / "checkpoints", 0.1)
    assert measured.gradients > 0 and measured.predictions > 0 and measured.png > 0


def test_calls_are_counted_until_the_time_is_over(monkeypatch):
    now, calls = [0.0], []

    def work():
        calls.append(1)
        now[0] += 0.5

    monkeypatch.setattr(speed.time, "perf_counter", lambda: now[0])
    assert speed._rate(work, 2.0) == pytest.approx(2.0)
    assert len(calls) == 5


def test_photos(demo, tmp_path):
    finding = check_photos(demo / "dev_dataset.csv", demo / "images", 10, 5)
    assert finding.well and finding.says == "5 of 64 pixels"
    finding = check_photos(tmp_path / "none.csv", demo / "images", 10, None)
    assert not finding.well and "none.csv" in finding.cure
