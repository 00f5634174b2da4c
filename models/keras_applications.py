"""The networks of tf.keras.applications as classifiers."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from pathlib import Path

import numpy as np

from models.classifier import Classifier, label_offset
from utils.errors import ModelError, first_line
from utils.quiet import tf


@cache
def application_names() -> tuple[str, ...]:
    """What Keras calls them."""
    found = inspect.getmembers(tf.keras.applications, inspect.isfunction)
    return tuple(name for name, _ in found)


def load_application(name: str, application: str, weights: Path | None) -> Classifier:
    """Makes a classifier of one of Keras's networks, with its own preprocessing.

    Args:
      name: what to call it.
      application: a name in `application_names()`.
      weights: an .h5 file of weights; None lets Keras fetch those trained on ImageNet.

    Raises:
      ModelError: the weights cannot be had, do not fit or are not finite.
    """
    make = getattr(tf.keras.applications, application)
    preprocess = sys.modules[make.__module__].preprocess_input
    try:
        model = make(weights=str(weights) if weights else "imagenet", classifier_activation=None)
    except MemoryError:
        raise
    except Exception as error:
        where = f"in {weights}" if weights else "that Keras would fetch"
        raise ModelError(
            f"{name}: the weights {where} cannot be used ({first_line(error)}); with no network, "
            f"put them beside the checkpoints as {application}.weights.h5"
        ) from error
    model.trainable = False
    for variable in model.weights:
        if not np.all(np.isfinite(variable.numpy())):
            raise ModelError(f"{name}: variable {variable.path} holds NaN or infinity")
    side, num_classes = model.input_shape[1], model.output_shape[-1]

    def forward(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        # Every preprocess_input starts at [0, 255] and is made of differentiable operations.
        return tf.cast(model(preprocess((images + 1.0) * 127.5), training=False), tf.float32), None

    return Classifier(
        name=name,
        side=side,
        largest_side=side,
        num_classes=num_classes,
        label_offset=label_offset(name, num_classes),
        forward=forward,
    )
