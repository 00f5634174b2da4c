"""The number of images for a gain: against simulated samples and the program's own test."""

import numpy as np
import pytest

from scripts import power as command
from utils.analysis.power import approximate_images, exact_power, half_width, images_needed
from utils.errors import UsageError
from utils.statistics import difference_interval, mcnemar_p


def _samples(images, gain, discordant, count):
    """Gained and lost images of so many samples."""
    gained, lost = (discordant + gain / 100) / 2, (discordant - gain / 100) / 2
    draws = np.random.default_rng(7).multinomial(
        images, [gained, lost, 1 - gained - lost], size=count
    )
    return draws[:, 0], draws[:, 1]


def _pairs(gained, lost, images):
    first = np.zeros(images, bool)
    second = np.zeros(images, bool)
    second[:gained] = True
    first[gained : gained + lost] = True
    return first, second


@pytest.mark.parametrize(
    ("images", "gain", "discordant"), [(60, 10, 0.2), (300, 5, 0.25), (40, 30, 0.3), (25, 8, 0.5)]
)
def test_power_is_that_of_simulated_samples(images, gain, discordant):
    gained, lost = _samples(images, gain, discordant, 3000)
    known: dict = {}
    found = 0
    for pair in zip(gained.tolist(), lost.tolist(), strict=True):
        if pair not in known:
            known[pair] = mcnemar_p(*_pairs(*pair, images)) <= 0.05 and pair[0] > pair[1]
        found += known[pair]
    # Three standard errors of 3000 samples.
    assert exact_power(images, gain, discordant) == pytest.approx(found / 3000, abs=0.028)


@pytest.mark.parametrize(("gain", "discordant"), [(10, 0.2), (5, 0.3), (20, 0.2)])
def test_so_many_images_suffice_and_a_tenth_fewer_do_not(gain, discordant):
    needed = images_needed(gain, discordant)
    assert exact_power(needed, gain, discordant) >= 0.8
    assert exact_power(int(0.9 * needed), gain, discordant) < 0.8
    assert approximate_images(gain, discordant) <= needed <= 1.35 * needed


def test_the_interval_is_as_wide_as_the_programs():
    gained, lost = 40, 20
    values = np.concatenate([np.ones(gained), -np.ones(lost), np.zeros(240)])
    low, high = difference_interval(values)
    assert (high - low) / 2 == pytest.approx(half_width(300, 20 / 3, 0.2), rel=0.02)


def test_the_command_says_it_in_a_sentence(capsys):
    arguments = ["--gain", "10", "--discordant", "0.2"]
    assert command.main([*arguments, "--images", "60"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{images_needed(10, 0.2)} photos: so many show a gain of 10 points")
    assert "60 photos show it in" in text


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--gain 30 --discordant 0.2", "at most 20"),
        ("--gain 0 --discordant 0.2", "above 0"),
        ("--gain 3 --discordant 2", "--discordant is 2"),
        ("--gain 3 --discordant 0.2 --power 1", "--power is 1"),
        ("--gain 0.01 --discordant 0.9", "more than 1000000"),
    ],
)
def test_what_cannot_be_is_refused(flags, sentence, capsys):
    assert command.main(flags.split()) == 2
    assert sentence in capsys.readouterr().err


def test_nothing_is_shown_by_too_few_images():
    assert exact_power(3, 10, 0.2) == 0
    with pytest.raises(UsageError):
        exact_power(3, 30, 0.2)
