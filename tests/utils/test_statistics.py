import math

import numpy as np
import pytest
from scipy import stats

from utils.statistics import (
    holm,
    images_to_narrow,
    is_equivalent,
    mcnemar_p,
    paired_gain,
    sign_flip_p,
    wilson_interval,
)

Z = 1.959963984540054


def pairs(both: int, gained: int, lost: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """(success of the first, success of the second) per image."""
    first = [True] * both + [False] * gained + [True] * lost + [False] * neither
    second = [True] * both + [True] * gained + [False] * lost + [False] * neither
    return np.array(first, bool), np.array(second, bool)


@pytest.mark.parametrize(("count", "total"), [(0, 10), (1, 10), (5, 10), (10, 10), (391, 1000)])
def test_wilson_has_its_closed_form(count, total):
    rate = count / total
    centre = (rate + Z**2 / (2 * total)) / (1 + Z**2 / total)
    half = Z / (1 + Z**2 / total) * math.sqrt(rate * (1 - rate) / total + Z**2 / (4 * total**2))
    low, high = wilson_interval(count, total)
    assert low == pytest.approx(100 * max(centre - half, 0), abs=1e-9)
    assert high == pytest.approx(100 * min(centre + half, 1), abs=1e-9)


def test_wilson_as_newcombe_prints_it():
    # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
    low, high = wilson_interval(81, 263)
    assert (round(low, 2), round(high, 2)) == (25.53, 36.62)


def test_paired_gain_has_agresti_and_mins_closed_form():
    first, second = pairs(both=40, gained=25, lost=9, neither=26)
    gain, low, high = paired_gain(first, second)
    assert gain == pytest.approx(16)
    b, c, n = 25.5, 9.5, 102
    half = Z * math.sqrt(b + c - (b - c) ** 2 / n) / n
    assert low == pytest.approx(100 * ((b - c) / n - half))
    assert high == pytest.approx(100 * ((b - c) / n + half))


def test_paired_gain_changes_sign_with_its_arguments_and_stays_in_range():
    first, second = pairs(both=3, gained=5, lost=1, neither=4)
    gain, low, high = paired_gain(first, second)
    assert paired_gain(second, first) == pytest.approx((-gain, -high, -low))
    gain, low, high = paired_gain(*pairs(0, 6, 0, 0))
    assert gain == 100 and 0 < low < high <= 100


def test_the_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    cells = np.array([0.5, 0.15, 0.05, 0.3])  # both, gained, lost, neither
    covered = 0
    for draw in random.multinomial(60, cells, size=400):
        _, low, high = paired_gain(*pairs(*draw))
        covered += low <= 10 <= high
    assert covered / 400 > 0.92


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (5, 1), (3, 3), (25, 9), (0, 12)])
def test_mcnemar_is_the_exact_binomial_test(gained, lost):
    first, second = pairs(both=7, gained=gained, lost=lost, neither=11)
    discordant = gained + lost
    tail = stats.binom.cdf(min(gained, lost), discordant, 0.5)
    expected = min(1.0, 2 * tail)
    assert mcnemar_p(first, second) == pytest.approx(expected)
    assert mcnemar_p(second, first) == pytest.approx(expected)


def test_holm_steps_down():
    # By hand: 4 * 0.01, 3 * 0.012, which must not fall below it, 2 * 0.03, 1 * 0.2.
    np.testing.assert_allclose(holm([0.03, 0.01, 0.2, 0.012]), [0.06, 0.04, 0.2, 0.04])
    np.testing.assert_allclose(holm([0.4, 0.9, 0.5]), [1, 1, 1])
    assert holm([0.03]) == [0.03] and len(holm([])) == 0


def test_holm_calls_something_of_nothing_in_at_most_one_table_of_twenty():
    p = np.random.default_rng(0).uniform(size=(4000, 10))
    assert np.mean([holm(row).min() < 0.05 for row in p]) < 0.06
    assert np.mean(p.min(axis=1) < 0.05) > 0.35


@pytest.mark.parametrize(
    ("low", "high", "images", "equal"),
    [(-1.9, 2.0, 100, True), (-2.1, 0, 100, False), (1, 2.1, 100, False), (0, 0, 19, False)],
)
def test_equal_is_an_interval_within_two_points_of_nothing(low, high, images, equal):
    assert is_equivalent(low, high, images) == equal


@pytest.mark.parametrize("images", [60, 200])
def test_so_many_images_narrow_an_interval(images):
    share = np.array([0.15, 0.05, 0.8])
    first = np.repeat([False, True, True], np.round(share * images).astype(int))
    second = np.repeat([True, False, True], np.round(share * images).astype(int))
    _, low, high = paired_gain(first, second)
    needed = images_to_narrow(low, high, images, 4.0)
    first, second = (np.repeat(each, round(needed / images)) for each in (first, second))
    scaled = math.sqrt(len(first) / needed)
    _, low, high = paired_gain(first, second)
    assert (high - low) / 2 * scaled == pytest.approx(4.0, rel=0.05)


def test_the_smallest_chances_are_as_exact_as_the_largest():
    # All of 60 images gained: only two of the 2^60 patterns of signs are as extreme.
    assert sign_flip_p(np.ones(60)) == pytest.approx(2.0**-59, rel=1e-12)
    # One victim and seed: McNemar's.
    first, second = np.zeros(400, bool), np.arange(400) < 150
    assert sign_flip_p(second.astype(int)) == pytest.approx(mcnemar_p(first, second), rel=1e-9)
    # Of two victims 40 images gained one, 10 lost one and 20 gained both.
    differences = np.repeat([1, -1, 2], [40, 10, 20])
    ups, twos = np.meshgrid(np.arange(51), np.arange(21), indexing="ij")
    chances = stats.binom.pmf(ups, 50, 0.5) * stats.binom.pmf(twos, 20, 0.5)
    extreme = np.abs(2 * ups - 50 + 2 * (2 * twos - 20)) >= differences.sum()
    assert sign_flip_p(differences) == pytest.approx(chances[extreme].sum(), rel=1e-9)
