"""What a session keeps, for how long, and that nothing it keeps is taken for something else."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from methods import AttackSettings, parse_method
from models import Classifier, checkpoint_sha256
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


def test_a_hoard_counts_a_value_once_that_two_threads_made():
    hoard, together = Hoard(20), Barrier(2, timeout=60)

    def make():
        together.wait()
        return np.zeros(8, np.uint8)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: hoard.get("a", make), range(2))
    assert first is second
    kept = hoard.get("b", lambda: np.zeros(8, np.uint8))
    assert hoard.get("b", lambda: pytest.fail("there was room for it")) is kept


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
    before = checkpoint_sha256(prefix)
    data.write_bytes(content)
    assert checkpoint_sha256(prefix) != before


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


@pytest.mark.parametrize(("memory", "times"), [(1e9, 1), (0, 2)])
def test_a_batch_of_originals_is_shown_once_until_its_bytes_change(memory, times):
    session, shown = Session(memory), []

    def ask(who, *sha256):
        def judge():
            shown.append((who, sha256))
            return [Answer(each, [1], 0.5) for each in sha256]

        return [each.png_sha256 for each in session.clean_answers(who, sha256, judge)]

    for _ in range(2):
        assert ask("w", "a", "b") == ["a", "b"]
    assert shown == [("w", ("a", "b"))] * times
    for other in (("w", "a", "c"), ("w", "a"), ("other weights", "a", "b")):
        assert ask(*other) == list(other[1:])
    assert len(shown) == times + 3
