"""A network that another library runs, on NumPy arrays and without gradients, as a classifier."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import numpy as np

from models.classifier import Classifier, label_offset
from models.input_form import InputForm
from models.outputs import are_probabilities, as_logits, class_output, probe_images
from utils.errors import ModelError, first_line
from utils.quiet import tf

# float32 in the network's form -> output's name -> float32 array.
Run = Callable[[np.ndarray], Mapping[str, np.ndarray]]
# More than any image has: the form resizes by itself.
_ANY_SIDE = 1 << 20


def interpreted_classifier(name: str, form: InputForm, run: Run, classes: int | None) -> Classifier:
    """Makes a classifier of a network that a library runs.

    Args:
      name: what to call it.
      form: what it takes.
      run: runs it; called by one thread at a time.
      classes: which output to take where there are several, and what to hold it to.

    Raises:
      ModelError: it can't run on two images, or has no output that can be their classes.
    """
    lock = threading.Lock()
    try:
        answers = run(form(tf.constant(probe_images(form.side))).numpy())
    except Exception as error:
        raise ModelError(
            f"{name}: it cannot run on 2 images of side {form.side} ({first_line(error)})"
        ) from error
    output = class_output(name, {key: value.shape for key, value in answers.items()}, classes)
    probabilities = are_probabilities(answers[output])
    num_classes = answers[output].shape[1]

    def call(fed: np.ndarray) -> np.ndarray:
        with lock:
            return np.asarray(run(fed)[output], np.float32)

    def forward(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        scores = tf.numpy_function(call, [form(images)], tf.float32)
        scores = tf.ensure_shape(scores, [None, num_classes])
        return as_logits(scores) if probabilities else scores, None

    return Classifier(
        name=name,
        side=form.side,
        largest_side=_ANY_SIDE,
        num_classes=num_classes,
        label_offset=label_offset(name, num_classes),
        forward=forward,
    )
