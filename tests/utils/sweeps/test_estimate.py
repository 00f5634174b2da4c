import json
from pathlib import Path

import pytest

from models import NETWORKS
from tests.made_up_results import write_run
from utils.pipeline.config import RunConfig
from utils.sweeps import estimate
from utils.sweeps.estimate import Estimate, Speed, Work, duration, gradients_per_image, together
from utils.sweeps.machine import Machine, measure

DEMO = ("demo_inception", "demo_resnet", "demo_vgg")
# Method, images, modes -> seconds of crafting and judging, on two cores which others used, too.
THREE, TWO = ("sign", "affine", "test"), ("sign", "affine")
TAKEN = {
    ("if", 100, THREE): (29.5, 47.8),
    ("fgsm", 100, THREE): (28.6, 57.4),
    ("s", 50, TWO): (92.3, 28.2),
}


@pytest.mark.parametrize(
    ("method", "gradients"), [("fgsm", 1), ("if", 10), ("s", 50), ("v", 210), ("vn", 210)]
)
def test_counts_gradients(method, gradients):
    assert gradients_per_image(RunConfig(method=method)) == gradients


def _write(folder, method, images, craft, judge, victims=DEMO, modes=TWO):
    """A made-up run of so many seconds, in a folder of its own."""
    place = Path(folder) / f"{method}_{images}"
    run = write_run(
        place, method, images=images, source="demo_inception", victims=victims, modes=modes
    )
    file = run / "run.json"
    record = json.loads(file.read_text()) | {"seconds": {"craft": craft, "judge": judge}}
    file.write_text(json.dumps(record))


def test_without_runs_the_machine_is_measured_once(tmp_path, monkeypatch):
    measured = []
    monkeypatch.setattr(estimate, "measure", lambda: measured.append(1) or Machine(1e11, 5000.0))
    speed = Speed.learnt_from(tmp_path, tmp_path / "nowhere")
    assert (
        measured == [1]
        and speed.basis() == "estimated from half a second of measuring this machine"
    )
    config = RunConfig(method="if", mode=("affine",))
    faster = Speed.of_machine(Machine(2e11, 10000.0)).estimate(config, DEMO[:1], DEMO, 64)
    assert faster.alone == pytest.approx(speed.estimate(config, DEMO[:1], DEMO, 64).alone / 2)


def test_a_machine_is_measured_in_half_a_second():
    machine = measure()
    assert machine.arithmetic > 1e8 and machine.building > 10


def test_known_times_are_met_within_a_factor_of_two(tmp_path):
    # Two scales of a machine of which the runs know nothing: loading and arithmetic.
    def seconds(work):
        crafted = work.source / 300 + work.gradients / 2e10
        return crafted, work.victims / 500 + work.predictions / 1e10

    runs = [("if", 100), ("fgsm", 40), ("s", 50)]
    for method, images in runs:
        config = RunConfig(method=method, mode=("affine",))
        _write(tmp_path, method, images, *seconds(Work.of(config, DEMO[:1], DEMO, images)))
    speed = Speed.learnt_from(tmp_path)
    assert speed.runs == 3
    for method, images, source in (("v", 20, "demo_inception"), ("if", 1000, "demo_resnet")):
        config = RunConfig(method=method, mode=("affine", "test"))
        expected = sum(seconds(Work.of(config, [source], DEMO, images)))
        found = speed.estimate(config, [source], DEMO, images)
        assert found.load + found.work == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("left_out", TAKEN)
def test_each_measured_run_is_foretold_by_the_others(tmp_path, left_out):
    victims = tuple(name for name in NETWORKS if name.startswith("demo_"))
    for (method, images, modes), taken in TAKEN.items():
        if (method, images, modes) != left_out:
            _write(tmp_path, method, images, *taken, victims=victims, modes=modes)
    method, images, modes = left_out
    config = RunConfig(method=method, mode=modes)
    found = Speed.learnt_from(tmp_path).estimate(config, DEMO[:1], victims, images)
    taken = sum(TAKEN[left_out])
    assert taken / 2 < found.load + found.work < taken * 2


def test_one_run_tells_of_others_on_another_source_and_more_images(tmp_path):
    _write(tmp_path, "if", 100, 29.5, 47.8)
    speed = Speed.learnt_from(tmp_path)
    config = RunConfig(method="if", mode=("affine",))
    few, many = (speed.estimate(config, ["demo_vgg"], DEMO, n) for n in (100, 1000))
    assert few.load == many.load and few.start == many.start > 0
    assert many.work == pytest.approx(10 * few.work, rel=0.1)


@pytest.mark.parametrize(
    "change",
    [{"images": 0}, {"victims": {}}, {"seconds": {"craft": 1.0}}, {"modes": "sign"}, {"flags": []}],
)
def test_a_run_that_teaches_nothing_is_passed_over(tmp_path, change, monkeypatch):
    monkeypatch.setattr(estimate, "measure", lambda: Machine(1e11, 5000.0))
    file = write_run(tmp_path) / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert Speed.learnt_from(tmp_path).runs == 0


def test_a_process_that_runs_many_starts_and_loads_once():
    cells = [("if", Estimate(10, 20, 3)), ("if", Estimate(10, 20, 4)), ("m", Estimate(10, 30, 5))]
    assert together(cells) == 10 + 20 + 30 + 3 + 4 + 5
    assert together([]) == 0


def test_durations_in_words():
    assert [duration(s) for s in (45, 600, 12000)] == ["45 s", "10 min", "3 h 20 min"]
