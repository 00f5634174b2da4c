"""What is climbed."""

import numpy as np
import scipy.special
import tensorflow as tf

import methods
from methods.losses import objective

RNG = np.random.default_rng(0)
LOGITS = RNG.standard_normal((4, 6)).astype(np.float32)
AUXILIARY = RNG.standard_normal((4, 6)).astype(np.float32)
LABELS = np.array([0, 5, 2, 2], np.int32)


def value(auxiliary=None, logits=LOGITS, **settings):
    return float(objective(logits, auxiliary, LABELS, methods.AttackSettings(**settings)))


def cross_entropy(logits):
    return -scipy.special.log_softmax(logits, axis=1)[np.arange(4), LABELS].sum()


def test_cross_entropy_is_summed_over_the_batch_and_both_heads():
    np.testing.assert_allclose(value(), cross_entropy(LOGITS), rtol=1e-5)
    expected = cross_entropy(LOGITS) + 0.4 * cross_entropy(AUXILIARY)
    np.testing.assert_allclose(value(AUXILIARY, aux_weight=0.4), expected, rtol=1e-5)
    np.testing.assert_allclose(value(AUXILIARY, aux_weight=0.0), value(), rtol=1e-6)


def test_the_logit_loss_is_the_labels_logit():
    np.testing.assert_allclose(value(loss="logit"), -LOGITS[np.arange(4), LABELS].sum(), rtol=1e-5)


def test_targeted_turns_the_sign():
    for loss in ("ce", "logit"):
        assert value(AUXILIARY, loss=loss, targeted=True) == -value(AUXILIARY, loss=loss)


def test_logits_in_half_precision_are_judged_in_single():
    half = tf.cast(LOGITS, tf.bfloat16)
    expected = cross_entropy(tf.cast(half, tf.float32).numpy())
    np.testing.assert_allclose(value(logits=half), expected, rtol=1e-5)
