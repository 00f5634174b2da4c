"""Weights, images and numbers of ../shared/reference, made by the rule in its README."""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf


def _draws(seed, name):
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "little")))


def _multiplier(name, shape):
    if name.startswith("resnet_v2"):
        return 0.2 if name.endswith("/conv3/weights") else 1.0
    if name.endswith(("/conv3/W", "_denoise/conv/W")):
        return 0.2
    if name.endswith(("/embedding_theta/W", "/embedding_phi/W")):
        return 0.5
    return 0.01 / shape[2] if name.endswith("/non_local/conv/W") else 1.0


def value(name, shape, seed="A"):
    """The float32 value that the rule gives a variable."""
    draws, leaf = _draws(seed, name), name.rpartition("/")[2]
    if leaf in ("weights", "depthwise_weights", "W"):
        fan_in = np.prod(shape[:2] if leaf == "depthwise_weights" else shape[:-1])
        drawn = draws.standard_normal(shape) * _multiplier(name, shape) * np.sqrt(2.0 / fan_in)
    elif leaf == "gamma":
        drawn = 1.0 + 0.1 * draws.standard_normal(shape)
    elif leaf == "moving_variance" or name.endswith("/variance/EMA"):
        drawn = 1.0 + 0.1 * draws.uniform(0.0, 1.0, shape)
    else:
        drawn = 0.1 * draws.standard_normal(shape)
    return drawn.astype(np.float32)


def images(side, seed="A"):
    """uint8 [2, side, side, 3] of the rule."""
    return _draws(seed, "input").integers(0, 256, size=(2, side, side, 3), dtype=np.uint8)


def write_checkpoint(prefix: Path, tensors, version="V2") -> Path:
    """Writes (name, value) pairs as a V2 bundle or a V1 file, as TensorFlow itself does."""
    tensors = list(tensors)
    names, arrays = [name for name, _ in tensors], [array for _, array in tensors]
    if version == "V2":
        tf.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=arrays,
        )
    else:
        tf.raw_ops.Save(filename=str(prefix), tensor_names=names, data=arrays)
    return prefix


class Reference:
    """One network's list of variables and numbers."""

    def __init__(self, folder: Path, network: str):
        self.shapes = json.loads((folder / f"{network}.vars.json").read_text())
        with np.load(folder / f"{network}_A.npz") as numbers:
            self.numbers = dict(numbers)

    def tensors(self):
        """(name, value) of every variable; checked against the recorded digest at the end."""
        digest = hashlib.sha256()
        for name, shape in self.shapes:
            array = value(name, shape)
            digest.update(array.tobytes())
            yield name, array
        assert digest.hexdigest() == str(self.numbers["weights_sha256"])

    def images(self, side):
        """float32 [2, side, side, 3] in [-1, 1], checked against the recorded digest."""
        drawn = images(side)
        assert hashlib.sha256(drawn.tobytes()).hexdigest() == str(self.numbers["input_sha256"])
        return drawn.astype(np.float32) / 255 * 2 - 1


def check(value, expected, tolerance):
    """Asserts that arrays are equal up to `tolerance` relative to the largest expected entry."""
    error = np.abs(np.asarray(value, np.float64) - expected).max() / np.abs(expected).max()
    assert error <= tolerance, f"relative error {error:.2e} above {tolerance:.2e}"
