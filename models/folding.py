"""Batch norm folded into the convolution before it, and which variables that takes.

A network built in `layers.folded_scope()` has these variables, L being a layer's scope:
  L/weights or L/depthwise_weights, L/biases   as in the checkpoint
  L/BatchNorm/shift                            the batch norm after a convolution, whose scale
                                               belongs into L's kernel
  B/scale, B/shift                             a batch norm that stands alone
With s = gamma / sqrt(variance + epsilon): scale = s, shift = beta - mean * s, kernel = kernel * s.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from utils.errors import ModelError

_STATISTICS = ("beta", "moving_mean", "moving_variance")
_KERNELS = ("weights", "depthwise_weights")


def _split(name: str) -> tuple[str, str]:
    """("" or "parent/", leaf)."""
    parent, slash, leaf = name.rpartition("/")
    return parent + slash, leaf


def checkpoint_shapes(folded: Mapping[str, list[int]], gamma: bool) -> dict[str, list[int]]:
    """The variables that a checkpoint must hold for a folded network.

    Args:
      folded: the folded network's variables and shapes.
      gamma: whether every batch norm has one.
    """
    shapes = {}
    for name, shape in folded.items():
        parent, leaf = _split(name)
        if leaf == "shift":
            leaves = (("gamma",) if gamma else ()) + _STATISTICS
            shapes.update({parent + leaf: shape for leaf in leaves})
        elif leaf != "scale":
            shapes[name] = shape
    return shapes


def optional_shapes(folded: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """The variables that are used where the checkpoint has them: each batch norm's gamma."""
    return {
        _split(name)[0] + "gamma": shape
        for name, shape in folded.items()
        if _split(name)[1] == "shift"
    }


def _scale(norm: str, tensors: Mapping[str, np.ndarray], epsilon: float) -> np.ndarray:
    variance = tensors[norm + "moving_variance"].astype(np.float64) + epsilon
    if not np.all(variance > 0):
        raise ModelError(f"variable {norm}moving_variance has a negative variance")
    return tensors.get(norm + "gamma", 1.0) / np.sqrt(variance)


def fold(
    names: Iterable[str], tensors: Mapping[str, np.ndarray], epsilon: float
) -> Iterable[tuple[str, np.ndarray]]:
    """Computes a folded network's variables, in float64.

    Args:
      names: the folded network's variables.
      tensors: the checkpoint's, under the names of `checkpoint_shapes`.
      epsilon: added to every variance.

    Yields:
      (name, float32 or float64 value), one after another so that not all are in memory twice.

    Raises:
      ModelError: a variance is negative.
    """
    names = set(names)
    for name in names:
        parent, leaf = _split(name)
        if leaf == "scale":
            yield name, _scale(parent, tensors, epsilon)
        elif leaf == "shift":
            mean, beta = (
                tensors[parent + what].astype(np.float64) for what in ("moving_mean", "beta")
            )
            yield name, beta - mean * _scale(parent, tensors, epsilon)
        elif leaf in _KERNELS and _follows(parent, names):
            scale = _scale(parent + "BatchNorm/", tensors, epsilon)
            # A depthwise kernel is [h, w, channels, 1], any other [h, w, in, channels].
            scale = scale[:, None] if leaf == "depthwise_weights" else scale
            yield name, tensors[name] * scale
        else:
            yield name, tensors[name]


def _follows(layer: str, names: set[str]) -> bool:
    """Whether a batch norm follows this layer's convolution (and not one that stands alone)."""
    norm = layer + "BatchNorm/"
    return norm + "shift" in names and norm + "scale" not in names
