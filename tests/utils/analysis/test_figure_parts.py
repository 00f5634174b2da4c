import numpy as np
import pandas as pd
import pytest

from utils.analysis.figures.accuracy import _lines_of_bins, confidence_bins
from utils.analysis.figures.contact import spread_examples
from utils.analysis.figures.spectrum import log_power, radial_mean
from utils.analysis.figures.strip import amplified, gain_for, sign_like
from utils.analysis.figures.style import _length, wrapped


def test_bins_are_five_points_wide_from_99_down():
    confidence = pd.Series([1, 0.99, 0.9899, 0.94, 0.9399, 0.5, 0.04, 0.0399, 0])
    assert list(confidence_bins(confidence)) == [99, 99, 94, 94, 89, 49, 4, 0, 0]


def test_amplified_is_round_grey_and_clipped():
    clean = np.full((1, 3, 3), 100, np.uint8)
    adversarial = clean + np.array([[[0], [5], [16]]], np.uint8)
    assert amplified(clean, adversarial, 10)[0, :, 0].tolist() == [128, 178, 255]
    assert sign_like(clean, adversarial)[0, :, 0].tolist() == [128, 255, 255]
    assert sign_like(adversarial, clean)[0, :, 0].tolist() == [128, 0, 0]


@pytest.mark.parametrize(("epsilon", "gain"), [(16, 7), (2, 63), (100, 1.2), (200, 1)])
def test_the_gain_comes_from_the_data_and_does_not_saturate(epsilon, gain):
    difference = np.random.default_rng(0).choice([-epsilon, epsilon], (8, 8, 3))
    assert gain_for([difference, difference // 2]) == gain
    # One odd value in a hundred doesn't decide.
    odd = np.full((20, 20, 3), epsilon)
    odd[0, 0] = 255
    assert gain_for([odd]) == gain


def test_examples_go_from_the_most_to_the_least_misled():
    misled = {"a": 0.1, "b": 1.0, "c": 0.5, "d": 1.0, "e": 0.0}
    assert spread_examples(misled, 3) == ["b", "c", "e"]
    assert spread_examples(misled, 9) == ["b", "d", "c", "a", "e"]


def test_small_bins_are_joined_and_none_is_left_alone():
    confidence = np.repeat([0.995, 0.95, 0.5], [30, 20, 1])
    table = pd.DataFrame({"clean_confidence": confidence, "size": 0})
    labels = [style["label"] for _, style in _lines_of_bins(table)]
    assert labels == ["99-100 % (n = 30)", "49-99 % (n = 21)"]


@pytest.mark.parametrize("width", [0.5, 1.5, 3.0])
def test_lines_are_no_wider_than_they_may_be_and_nothing_is_lost(width):
    text = "a_name_of-many parts/and " + 40 * "W" + " end"
    lines = wrapped(text, width, 8).split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(_length(line, 8) <= 72 * width for line in lines)


def test_a_wave_has_its_power_at_its_frequency():
    x = np.arange(32)
    wave = np.cos(2 * np.pi * 5 * x / 32)[None, None, :, None] * np.ones((1, 32, 1, 3))
    spectrum = log_power(wave)
    peaks = np.argwhere(spectrum > spectrum.max() - 1e-6)
    assert peaks.tolist() == [[16, 11], [16, 21]]
    frequency, mean = radial_mean(spectrum)
    assert frequency[np.argmax(mean)] == pytest.approx(5 / 32)


def test_length_does_not_matter_and_no_perturbation_is_finite():
    noise = np.random.default_rng(0).normal(size=(2, 16, 16, 3))
    np.testing.assert_allclose(log_power(noise), log_power(7 * noise))
    assert np.isfinite(log_power(np.zeros((1, 16, 16, 3)))).all()


def test_white_noise_is_flat():
    noise = np.random.default_rng(0).normal(size=(200, 32, 32, 3))
    _, mean = radial_mean(log_power(noise))
    assert mean.max() - mean.min() < 0.1
