"""Keyed randomness: uniform, independent, and the same everywhere."""

import numpy as np
import tensorflow as tf

import methods
from methods.draws import PURPOSES, Draws

COUNT = 20000


def keys(count=6):
    return tf.constant(np.stack([methods.image_key(0, f"image {i}") for i in range(count)]))


def test_keys_differ_by_seed_and_image_and_stay_what_they_are():
    assert methods.image_key(0, "a").dtype == np.int32
    made = {tuple(methods.image_key(s, i)) for s in range(20) for i in "abcde"}
    assert len(made) == 100
    # SHA-256 of "0:a", first 8 bytes, little-endian: a change would change every published run.
    assert methods.image_key(0, "a").tolist() == [-87690339, -409997384]


def test_uniform_in_mean_variance_bins_and_neighbouring_entries():
    drawn = Draws(keys()).uniform("neighbour", [COUNT]).numpy()
    assert drawn.min() >= 0 and drawn.max() < 1
    counts = np.stack([np.histogram(row, bins=50, range=(0, 1))[0] for row in drawn])
    chi = ((counts - COUNT / 50) ** 2 / (COUNT / 50)).sum(axis=1)
    assert (chi < 49 + 4.5 * np.sqrt(98)).all()
    for lag in (1, 2, 3, 299):
        lagged = [np.corrcoef(row[:-lag], row[lag:])[0, 1] for row in drawn]
        assert np.abs(lagged).max() < 4.5 / np.sqrt(COUNT)


def test_streams_are_independent_across_images_iterations_copies_and_purposes():
    streams = [
        Draws(keys(2), iteration, copy).uniform(purpose, [COUNT]).numpy()
        for iteration in (0, 1, 9)
        for copy in (0, 1, 100)
        for purpose in PURPOSES
    ]
    correlation = np.corrcoef(np.concatenate(streams))
    off = correlation[np.triu_indices(len(correlation), 1)]
    assert np.abs(off).max() < 5.5 / np.sqrt(COUNT)


def test_small_draws_over_many_keys_are_uniform_too():
    first = Draws(keys(4000)).uniform("diversity", [4]).numpy()
    assert np.abs(first.mean(axis=0) - 0.5).max() < 4.5 * np.sqrt(1 / 12 / 4000)
    assert np.abs(np.corrcoef(first.T)[np.triu_indices(4, 1)]).max() < 4.5 / np.sqrt(4000)


def test_the_same_alone_in_a_graph_and_under_xla():
    def draw(some):
        return Draws(some, tf.constant(2), tf.constant(5)).uniform("neighbour", [50, 3])

    together = draw(keys()).numpy()
    assert together.shape == (6, 50, 3)
    assert (draw(keys()[3:4]).numpy()[0] == together[3]).all()
    assert (tf.function(draw)(keys()).numpy() == together).all()
    assert (tf.function(draw, jit_compile=True)(keys()).numpy() == together).all()
