"""The page's numbers are those of attack.py with the same flags, to the byte of the PNG."""

import shlex
import time

import numpy as np
import pandas as pd
import pytest

from data.images import encode_image
from utils.errors import MethodError, UsageError
from utils.page.engine import Engine
from utils.page.offer import Offer
from utils.page.picture import Picture
from utils.page.question import Question

VICTIMS = ("demo_vgg", "demo_resnet")


@pytest.fixture(scope="module")
def offer():
    return Offer.find("demo")


@pytest.fixture(scope="module")
def engine():
    return Engine()


def ask(offer, **changes):
    usual = {
        "picture": offer.picture("demo0002"),
        "source": "demo_vgg",
        "method": "if",
        "modes": ("sign", "affine"),
        "epsilon": 6.0,
        "num_iter": 3,
        "victims": VICTIMS,
    }
    return Question(offer, **(usual | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"method": "fgsm", "epsilon": 2.5, "modes": ("affine", "random", "test")},
        {"equal_l2": True, "method": "m"},
    ],
)
def test_pixels_costs_and_labels_are_those_of_attack_py(offer, engine, runner, tmp_path, changes):
    question = ask(offer, **changes)
    answer = engine.answer(question)
    flags = shlex.split(question.command())[2:]
    # The runner's own flags say 2, which is none of FGSM's.
    flags += ["--num_iter=1"] if question.method == "fgsm" else []
    # Beside other images, which the page doesn't have.
    runner.run(tmp_path, *flags, "--limit=3", f"--victims={','.join(VICTIMS)}")
    (folder,) = (path.parent for path in tmp_path.rglob("run.json"))
    table = pd.read_csv(folder / "per_image.csv")
    for made in answer.made:
        assert encode_image(made.pixels) == (folder / made.mode / "demo0002.png").read_bytes()
        for victim in answer.victims:
            rows = table[(table["victim"] == victim.name) & (table["mode"] == made.mode)]
            row = rows[rows["image_id"] == "demo0002"].iloc[0]
            seen = victim.adversarial[made.mode]
            assert (row["clean_label"], row["adversarial_label"]) == (
                victim.clean.label,
                seen.label,
            )
            assert row["adversarial_confidence"] == round(seen.top()[0][1], 4)
            assert (row["l2"], row["linf"]) == (
                pytest.approx(made.cost.l2, abs=1e-3),
                made.cost.linf,
            )
    assert answer.label == offer.picture("demo0002").label


def test_without_a_label_it_leads_away_from_what_the_source_sees(offer, engine):
    known = offer.picture("demo0004")
    answer = engine.answer(ask(offer, picture=Picture("mine", known.pixels), epsilon=16.0))
    source = answer.victims[0]
    assert source.white_box
    assert answer.label == next(label for label, _ in source.clean.top() if label > 0)
    assert source.adversarial["sign"].of(answer.label) < source.clean.of(answer.label)


def test_epsilon_zero_leaves_the_image_as_it_is(offer, engine):
    question = ask(offer, epsilon=0.0)
    for made in engine.answer(question).made:
        assert np.array_equal(made.pixels, question.picture.pixels)
        assert made.cost.psnr == float("inf") and made.cost.l2 == 0


def test_another_epsilon_of_fgsm_asks_for_no_gradient(offer, engine, monkeypatch):
    engine.answer(ask(offer, method="fgsm", epsilon=3.0))
    monkeypatch.setattr("methods.loop.Attack.first", lambda *_: pytest.fail("a gradient"))
    started = time.monotonic()
    engine.answer(ask(offer, method="fgsm", epsilon=4.0))
    # Generous: this machine may be busy.
    assert time.monotonic() - started < 5


def test_what_nobody_can_answer_is_one_sentence(offer, engine):
    with pytest.raises(UsageError, match="--mode is empty"):
        engine.answer(ask(offer, modes=()))
    with pytest.raises(MethodError, match="--max_epsilon"):
        engine.answer(ask(offer, epsilon=300.0))
    with pytest.raises(UsageError, match="choose one of the list"):
        offer.picture("../../etc/passwd")
