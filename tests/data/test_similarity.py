import math

import numpy as np
import pytest
from scipy import ndimage

from data import read_image, structural_similarity
from data.similarity import _band, _Windows
from utils.quiet import tf

# Of tf.image.ssim, which takes variances as differences of squares in float32.
FLOAT32 = 1e-4


def perturbed(original, epsilon, seed=0):
    signs = np.random.default_rng(seed).choice([-epsilon, epsilon], original.shape)
    return np.clip(original + signs, 0, 255).astype(np.uint8)


def by_the_paper(x, y):
    """The paper's formula in float64, with the Gaussian as it is."""

    def means(values):
        blurred = ndimage.gaussian_filter(values, 1.5, axes=(0, 1), radius=5)
        return blurred[5:-5, 5:-5]

    x, y = x.astype(float), y.astype(float)
    mean_x, mean_y = means(x), means(y)
    variances = means(x * x) - mean_x**2 + means(y * y) - mean_y**2
    covariance = means(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return float((luminance * (2 * covariance + c2) / (variances + c2)).mean())


def by_tensorflow(x, y):
    return float(tf.image.ssim(tf.constant(x), tf.constant(y), max_val=255))


def test_is_tensorflows_on_demo_images(demo):
    for path in sorted((demo / "images").glob("*.png"))[:3]:
        original = read_image(path)
        others = [perturbed(original, 8), perturbed(original, 16), original[::-1].copy()]
        expected = [by_tensorflow(original, other) for other in others]
        np.testing.assert_allclose(structural_similarity(original, others), expected, atol=FLOAT32)


def test_is_tensorflows_on_photos(shared):
    photos = sorted((shared / "imagenet" / "images").glob("*.png"))[:2]
    if not photos:
        pytest.skip("no photos are here")
    for path in photos:
        original = read_image(path)
        (found,) = structural_similarity(original, [perturbed(original, 16)])
        assert found == pytest.approx(by_tensorflow(original, perturbed(original, 16)), abs=FLOAT32)


# One window, one strip with and without whole blocks of columns, and several strips.
@pytest.mark.parametrize("side", [11, 12, 18, 28, 64, 131])
@pytest.mark.parametrize("epsilon", [1, 16, 200])
def test_is_the_papers_formula(side, epsilon):
    rng = np.random.default_rng(side)
    # Smooth as a photo is, where the second of the constants tells.
    noise = ndimage.gaussian_filter(rng.uniform(-1, 1, (side, side, 3)), 3, axes=(0, 1))
    original = np.clip(128 + 600 * noise, 0, 255).astype(np.uint8)
    other = perturbed(original, epsilon)
    (found,) = structural_similarity(original, [other])
    assert found == pytest.approx(by_the_paper(original, other), abs=1e-5)


def test_window_means_are_exact():
    weights = (_band(1)[0] * 2**18).astype(np.int64)
    assert weights.sum() == 2**18 and (weights / 2**18 == _band(1)[0]).all()
    windows = _Windows(29)
    values = windows.values(3, 17)
    values[:] = np.random.default_rng(0).integers(-255, 256, values.shape) ** 2
    values[0, 0] = 255**2
    boxes = np.lib.stride_tricks.sliding_window_view(values.astype(np.int64), (11, 11), (2, 3))
    whole = np.einsum("nchwij,i,j->nchw", boxes, weights, weights)
    # No bit is lost: 2^36 of each mean are a whole number, and this one.
    assert (windows.means(values) * 2.0**36 == whole).all()
    assert whole.max() == 255**2 * 2**36 < 2**53


def test_an_images_company_is_nothing_to_it():
    original = np.random.default_rng(1).integers(0, 256, (70, 70, 3)).astype(np.uint8)
    others = [perturbed(original, epsilon) for epsilon in (4, 8, 32)]
    together = structural_similarity(original, others)
    assert together == [structural_similarity(original, [other])[0] for other in others]
    assert together == sorted(together, reverse=True)
    assert structural_similarity(original, [original, others[0]]) == [1.0, together[0]]
    assert structural_similarity(original, []) == []


def test_of_less_than_a_window_there_is_none():
    image = np.zeros((10, 10, 3), np.uint8)
    assert all(map(math.isnan, structural_similarity(image, [image, image])))
