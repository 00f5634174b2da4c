"""What a session keeps, for how long, and that nothing it keeps is taken for something else."""

import shutil

import numpy as np
import pytest

from methods import AttackSettings, parse_method
from models import Classifier
from utils.pipeline.predictions import Answer
from utils.pipeline.session import Hoard, Kept, Session

FGSM = parse_method("fgsm")


def test_the_least_recently_used_goes_before_the_next_one_is_made():
    made, dropped = [], []
    kept = Kept(10, lambda: dropped.append(len(kept)))

    def get(key, size):
        return kept.get(key, size, lambda: made.append((key, len(kept))) or key)

    assert [get("a", 4), get("b", 4), get("a", 4), get("c", 4)] == ["a", "b", "a", "c"]
    # "b" had gone when "c" was made, and "a" had stayed.
    assert made == [("a", 0), ("b", 1), ("c", 1)] and kept.values() == ["a", "c"]
    assert get("large", 11) == "large" and kept.values() == ["large"]
    get("a", 4)
    assert kept.values() == ["a"] and len(dropped) == 3


def test_a_hoard_keeps_what_came_first():
    hoard = Hoard(20)
    made = []
    for key in ("a", "b", "c", "a", "c"):
        hoard.get(key, lambda key=key: made.append(key) or np.zeros(8, np.uint8))
    assert made == ["a", "b", "c", "c"]


def test_a_network_is_loaded_once_and_anew_where_its_file_is_another(demo, tmp_path):
    for file in (demo / "checkpoints").glob("demo_vgg.ckpt.*"):
        shutil.copy(file, tmp_path)
    session, prefix = Session(1e9), tmp_path / "demo_vgg.ckpt"
    first = session.load("demo_vgg", prefix)
    assert session.load("demo_vgg", prefix) is first
    assert session.judge(first) is session.judge(first)
    assert session.load("demo_vgg", prefix, preprocessing="as_published") is not first
    assert session.load("demo_vgg", prefix, dtype="bfloat16") is not first
    (data,) = tmp_path.glob("*.data*")
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    before = session.digest(prefix)
    data.write_bytes(content)
    assert session.digest(prefix) != before


def test_a_session_without_memory_holds_one_network(demo):
    session, folder = Session(), demo / "checkpoints"
    first = session.load("demo_vgg", folder / "demo_vgg.ckpt")
    session.load("demo_resnet", folder / "demo_resnet.ckpt")
    assert session.load("demo_vgg", folder / "demo_vgg.ckpt") is not first


def linear(scale):
    def forward(images):
        return scale * images[:, 0, 0, :], None

    return Classifier(f"linear{scale}", 4, 4, 3, 1, forward)


def test_attacks_share_traces_and_first_gradients_on_one_source_alone():
    session = Session(1e9)
    batch = np.full((2, 4, 4, 3), 0.5, np.float32), np.array([0, 1]), np.zeros((2, 2), np.int32)
    firsts = []
    for scale in (1.0, -1.0):
        source = linear(scale)
        for epsilon in (4.0, 8.0):
            settings = AttackSettings(max_epsilon=epsilon)
            attack = session.attack(FGSM, settings, source, False)
            alone = Session().attack(FGSM, settings, source, False)
            got, expected = attack(*batch, ["raw"])["raw"], alone(*batch, ["raw"])["raw"]
            np.testing.assert_array_equal(got.images, expected.images)
            firsts.append(np.asarray(got.images))
    assert not np.array_equal(firsts[0], firsts[2])
    assert len(session._attacks) == 2 and len(session._firsts._held) == 2


class Counting:
    """A judge that counts what it is shown."""

    def __init__(self):
        self.shown = []

    def predict(self, paths, size, starts):
        for start in starts:
            self.shown.append(start)
            yield start, [Answer("", [1], 0.5) for _ in paths[start : start + size]]


@pytest.mark.parametrize(("memory", "times"), [(1e9, 1), (0, 2)])
def test_a_batch_of_originals_is_shown_once_until_its_bytes_change(tmp_path, memory, times):
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path in paths:
        path.write_bytes(path.name.encode())
    session, judge = Session(memory), Counting()
    for _ in range(2):
        answers = dict(session.predict_clean(judge, "w", paths, 2, [0, 2]))
        assert [len(answers[0]), len(answers[2])] == [2, 1]
    assert sorted(judge.shown) == sorted([0, 2] * times)
    if memory:
        list(session.predict_clean(judge, "other weights", paths, 2, [0]))
        paths[1].write_bytes(b"another")
        list(session.predict_clean(judge, "w", paths, 2, [0, 2]))
        assert judge.shown == [0, 2, 0, 0]
