"""Several classifiers as one source."""

from __future__ import annotations

from collections.abc import Sequence

from models.classifier import Classifier
from utils.errors import ModelError
from utils.quiet import tf


class Ensemble:
    """The mean of several classifiers' logits (arXiv 1710.06081), with a Classifier's interface.

    The auxiliary logits are the mean over those that have such a head. Where networks with and
    without a background class meet, all are cut to the labels that all of them have.
    """

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        """Joins them.

        Raises:
          ModelError: there is none, or they do not speak of the same labels.
        """
        if not classifiers:
            raise ModelError("an ensemble needs at least one network")
        self.classifiers = tuple(classifiers)
        self.name = "+".join(classifier.name for classifier in classifiers)
        self.side = max(classifier.side for classifier in classifiers)
        first = [classifier.label_offset for classifier in classifiers]
        last = {classifier.label_offset + classifier.num_classes for classifier in classifiers}
        if len(last) > 1 or max(first) - min(first) > 1:
            labels = ", ".join(
                f"{c.name} {c.label_offset}-{c.label_offset + c.num_classes - 1}"
                for c in classifiers
            )
            raise ModelError(f"these networks have different labels and make no ensemble: {labels}")
        self.label_offset = max(first)
        self.num_classes = last.pop() - self.label_offset

    def logits_and_aux(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """As Classifier.logits_and_aux: mean logits and mean auxiliary logits, or None."""
        heads = [
            [self._cut(head, classifier) for head in classifier.logits_and_aux(images)]
            for classifier in self.classifiers
        ]
        logits, auxiliary = zip(*heads, strict=True)
        auxiliary = [head for head in auxiliary if head is not None]
        return _mean(logits), _mean(auxiliary) if auxiliary else None

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Mean logits float32 [N, C] of float32 images [N, S, S, 3] in [-1, 1]."""
        return self.logits_and_aux(images)[0]

    def _cut(self, logits: tf.Tensor | None, classifier: Classifier) -> tf.Tensor | None:
        return None if logits is None else logits[:, self.label_offset - classifier.label_offset :]


def _mean(logits: Sequence[tf.Tensor]) -> tf.Tensor:
    return tf.add_n(list(logits)) / len(logits)
