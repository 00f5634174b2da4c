"""Which of a foreign network's outputs are its classes, and whether they are probabilities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from utils.errors import ModelError
from utils.quiet import tf

# Below it a probability counts as this much: its logarithm stays finite.
LEAST_PROBABILITY = 1e-30


def probe_images(side: int) -> np.ndarray:
    """Two images to try a network on, noise and grey: float32 [2, side, side, 3] in [-1, 1]."""
    noise = np.random.default_rng(0).uniform(-1, 1, (1, side, side, 3))
    return np.concatenate([noise, np.zeros_like(noise)]).astype(np.float32)


def class_output(name: str, shapes: Mapping[str, tuple[int, ...]], classes: int | None) -> str:
    """The only output that can be the classes of two images.

    Raises:
      ModelError: none can, or several.
    """
    suitable = [
        key
        for key, shape in shapes.items()
        if len(shape) == 2 and shape[0] == 2 and classes in (None, shape[1])
    ]
    if len(suitable) != 1:
        wanted = f"[N, {classes or 'classes'}]"
        raise ModelError(
            f"{name} gives {dict(shapes)} for 2 images; exactly one of them must be {wanted}"
        )
    return suitable[0]


def are_probabilities(answer: np.ndarray) -> bool:
    """Whether rows, [N, C], are of non-negative numbers that sum to 1."""
    return bool(np.all(answer >= 0) and np.allclose(answer.sum(axis=1), 1.0, atol=1e-3))


def as_logits(probabilities: tf.Tensor) -> tf.Tensor:
    """Logits with the same cross-entropy: the logarithms."""
    return tf.math.log(tf.maximum(probabilities, LEAST_PROBABILITY))
