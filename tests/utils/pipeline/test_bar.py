"""The bar of crafting moves with each gradient and ends full."""

import pytest
import tensorflow as tf

from methods import Attack, AttackSettings, parse_method
from utils.pipeline.bar import CraftingBar
from utils.pipeline.config import RunConfig

SETTINGS = AttackSettings(num_iter=3, vt_samples=2, num_scales=2, pgn_samples=2)


def source(images):
    return tf.reduce_mean(images, [1, 2]) * 3.0, None


@pytest.mark.parametrize("method", ["fgsm", "if", "vm", "s", "sv", "g"])
def test_every_gradient_of_every_image_is_told_and_foreseen(method):
    told = []
    attack = Attack(parse_method(method), SETTINGS, source, tick=told.append)
    images = tf.random.stateless_uniform([2, 8, 8, 3], [1, 2], -1, 1)
    attack(images, [0, 1], [[1, 2], [3, 4]], ("sign", "affine"))
    assert len(told) > 1 or method == "fgsm"
    assert sum(told) == 2 * parse_method(method).gradients(SETTINGS, modes=2)


def test_the_bar_ends_full_whatever_was_told(capsys):
    config = RunConfig(method="if", batch_size=4, attack=SETTINGS)
    with CraftingBar(config, {0: [("sign", "affine")], 4: [("affine",)]}, images=6) as bar:
        bar.begin(0)
        for _ in range(9):
            bar.tick(8)
        bar.end(4)
        bar.begin(4)
        bar.tick(4)
        bar.end(6)
    text = capsys.readouterr().err
    assert "Crafting: 100%" in text and "32/32" in text and "6/6 images" in text
