import numpy as np
import pytest

from utils.pipeline.cost import perturbation_cost


def test_by_hand():
    clean = np.full((2, 2, 3), 100, np.uint8)
    adversarial = clean.copy()
    adversarial[0, 0, 0], adversarial[1, 1, 2] = 103, 96
    cost = perturbation_cost(clean, adversarial)
    assert (cost.mean_abs, cost.l2, cost.linf) == (pytest.approx(7 / 12), 5.0, 4)


def test_bytes_do_not_wrap():
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    for cost in (perturbation_cost(black, white), perturbation_cost(white, black)):
        assert (cost.mean_abs, cost.linf) == (255, 255)
        assert cost.l2 == pytest.approx(255 * np.sqrt(48))
    assert perturbation_cost(white, white).l2 == 0
