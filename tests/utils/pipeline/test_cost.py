import math

import numpy as np
import pytest

from data import structural_similarity
from utils.pipeline.cost import Perturbation, costs_table, perturbation_costs


def test_by_hand():
    clean = np.full((2, 2, 3), 100, np.uint8)
    adversarial = clean.copy()
    adversarial[0, 0, 0], adversarial[1, 1, 2] = 103, 96
    (cost,) = perturbation_costs(clean, [adversarial])
    assert (cost.mean_abs, cost.l2, cost.linf) == (pytest.approx(7 / 12), 5.0, 4)
    assert cost.psnr == pytest.approx(20 * np.log10(255 / np.sqrt(25 / 12)))
    # Smaller than a window.
    assert math.isnan(cost.ssim)


def test_bytes_do_not_wrap():
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    for cost in (*perturbation_costs(black, [white]), *perturbation_costs(white, [black])):
        assert (cost.mean_abs, cost.linf, cost.psnr) == (255, 255, pytest.approx(0))
        assert cost.l2 == pytest.approx(255 * np.sqrt(48))
    assert perturbation_costs(white, [white])[0].l2 == 0


def test_an_unchanged_image_has_no_psnr_in_the_table():
    clean = np.random.default_rng(0).integers(0, 200, (12, 12, 3)).astype(np.uint8)
    costs = perturbation_costs(clean, [clean, clean + 3])
    assert [cost.psnr for cost in costs] == [math.inf, pytest.approx(20 * np.log10(85))]
    assert [cost.ssim for cost in costs] == structural_similarity(clean, [clean, clean + 3])
    found = [
        Perturbation(mode, "a", "", cost=cost)
        for mode, cost in zip(("affine", "sign"), costs, strict=True)
    ]
    unusable = Perturbation("sign", "b", "", problem="It is broken.")
    table = costs_table([*found, unusable], ["sign", "affine"])
    assert list(table) == ["mode", "image_id", "mean_abs", "l2", "linf", "psnr", "ssim"]
    assert list(table["mode"]) == ["sign", "affine"]
    assert list(table["psnr"].isna()) == [False, True] and table["ssim"].iloc[1] == 1
