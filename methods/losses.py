"""What an attack climbs."""

from __future__ import annotations

from methods.inputs import Inputs
from methods.settings import AttackSettings
from utils.quiet import tf


def objective(
    logits: tf.Tensor,
    auxiliary: tf.Tensor | None,
    labels: tf.Tensor,
    settings: AttackSettings | Inputs,
) -> tf.Tensor:
    """The scalar whose gradient an attack ascends, summed over the batch.

    Summed and not averaged, so that no image's gradient depends on how many others there are.

    Args:
      logits: float [N, C].
      auxiliary: float [N, C], or None where the source has no auxiliary head.
      labels: int32 [N], columns of the logits; targets where `settings.targeted`.
      settings: `loss`, `targeted` and `aux_weight` count.

    Returns:
      Float32 scalar: the cross-entropy (or minus the label's logit), negated when targeted.
    """
    measure = {"ce": _cross_entropy, "logit": _minus_logit}[settings.loss]
    value = measure(logits, labels)
    if auxiliary is not None and settings.aux_weight:
        value += settings.aux_weight * measure(auxiliary, labels)
    value = tf.reduce_sum(value)
    return -value if settings.targeted else value


def _cross_entropy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    logits = tf.cast(logits, tf.float32)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def _minus_logit(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    # Zhao et al. 2021 (arXiv 2012.11207): its gradient does not vanish as the target is approached.
    return -tf.gather(tf.cast(logits, tf.float32), labels, batch_dims=1)
