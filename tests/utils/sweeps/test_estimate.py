import json

import pytest

from tests.made_up_results import write_run
from utils.pipeline.config import RunConfig
from utils.sweeps.estimate import GUESSED_GRADIENT, Speed, duration, gradients_per_image


@pytest.mark.parametrize(
    ("method", "gradients"), [("fgsm", 1), ("if", 10), ("s", 50), ("v", 210), ("vn", 210)]
)
def test_counts_gradients(method, gradients):
    assert gradients_per_image(RunConfig(method=method)) == gradients


def test_without_runs_the_guess_is_stated(tmp_path):
    speed = Speed.learnt_from(tmp_path)
    assert "guessed" in speed.basis() and f"{GUESSED_GRADIENT:g} s a gradient" in speed.basis()


def test_learns_from_finished_runs(tmp_path):
    # Made-up runs took 0.02 s a gradient, and 3 s for 40 x 3 x 3 predictions.
    write_run(tmp_path)
    write_run(tmp_path, method="m", status="unfinished")
    speed = Speed.learnt_from(tmp_path)
    assert speed.runs == 1
    assert speed.gradient == {"net_a": pytest.approx(0.02)}
    config = RunConfig(method="m", mode=("affine",))
    seconds = speed.seconds(config, "net_a", images=100, victims=2)
    assert seconds == pytest.approx(10 + 100 * 2 * 10 * 0.02 + 100 * 3 * 2 * 3 / 360)


@pytest.mark.parametrize(
    "change",
    [{"images": 0}, {"victims": {}}, {"seconds": {"craft": 1.0}}, {"modes": "sign"}, {"flags": []}],
)
def test_a_run_that_teaches_nothing_is_passed_over(tmp_path, change):
    file = write_run(tmp_path) / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert Speed.learnt_from(tmp_path).runs == 0


def test_durations_in_words():
    assert [duration(s) for s in (45, 600, 12000)] == ["45 s", "10 min", "3 h 20 min"]
