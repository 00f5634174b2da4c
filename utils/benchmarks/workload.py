"""What is attacked in a benchmark: networks with random weights, random images, drawn photos."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import write_image
from models import NETWORKS, Network
from models.folding import checkpoint_shapes
from models.graph import folded_shapes
from utils.quiet import tf


@dataclass(frozen=True)
class AttackInputs:
    """Images float32 [N, S, S, 3] in [-1, 1], labels int32 [N] (columns), keys int32 [N, 2]."""

    images: np.ndarray
    labels: np.ndarray
    keys: np.ndarray


def random_inputs(network: str, count: int) -> AttackInputs:
    """Images of 8-bit noise at the network's own side."""
    row = NETWORKS[network]
    draws = np.random.default_rng(0)
    pixels = draws.integers(0, 256, (count, row.side, row.side, 3))
    return AttackInputs(
        images=(pixels / 127.5 - 1.0).astype(np.float32),
        labels=draws.integers(0, row.num_classes, count).astype(np.int32),
        keys=draws.integers(0, 2**31 - 1, (count, 2)).astype(np.int32),
    )


def random_checkpoint(network: str, folder: Path, seed: int = 0) -> Path:
    """Writes a checkpoint in the public form, batch norm unfolded, as training would begin with.

    Kernels are He-normal; statistics, offsets and biases are near those of a batch norm at rest.

    Args:
      network: its name in the zoo.
      folder: where to write.
      seed: other weights for another one, as a run refuses two networks of the same content.

    Returns:
      The checkpoint's prefix, under a name by which the loader finds it.
    """
    row = NETWORKS[network]
    draws = np.random.default_rng(seed)
    shapes = checkpoint_shapes(folded_shapes(row), row.batch_norm_gamma)
    values = [_draw(name, shape, draws).astype(np.float32) for name, shape in shapes.items()]
    prefix = Path(folder) / row.files[0]
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(shapes),
        shape_and_slices=[""] * len(shapes),
        tensors=values,
    )
    return prefix


def _draw(name: str, shape: list[int], draws: np.random.Generator) -> np.ndarray:
    leaf = name.rpartition("/")[2]
    noise = draws.standard_normal(shape)
    if leaf in ("weights", "depthwise_weights"):
        fan_in = np.prod(shape[:2] if leaf == "depthwise_weights" else shape[:-1])
        return noise * np.sqrt(2.0 / fan_in)
    return (leaf in ("gamma", "moving_variance")) + 0.1 * np.clip(noise, -3, 3)


@contextmanager
def free_networks(folder: Path, like: Network, seconds: dict[str, float]) -> Iterator[None]:
    """While entered, the zoo has linear networks of ten classes that take next to no arithmetic.

    Args:
      folder: where their checkpoint goes.
      like: has their zoo and side.
      seconds: name -> what each call waits without using the processor, as for a GPU.
    """
    rows = {
        name: Network(
            name=name,
            family="free",
            builder=_Free(wait),
            scope="free",
            side=like.side,
            # As few as a zoo has: more would only take memory.
            num_classes=10,
            zoo=like.zoo,
            files=(f"{name}.ckpt",),
        )
        for name, wait in seconds.items()
    }
    NETWORKS.update(rows)
    try:
        for place, (name, wait) in enumerate(seconds.items()):
            # Those that wait are sources, and say what the first that doesn't wait says.
            random_checkpoint(name, folder, seed=0 if wait else place)
        yield
    finally:
        for name in rows:
            del NETWORKS[name]


@dataclass(frozen=True)
class _Free:
    seconds: float

    def __call__(self, images: tf.Tensor, num_classes: int) -> tuple[tf.Tensor, None]:
        flat = tf.reshape(images, [-1, int(np.prod(images.shape[1:]))])
        with tf.compat.v1.variable_scope("free/logits"):
            weights = tf.compat.v1.get_variable("weights", [flat.shape[1], num_classes], flat.dtype)
        logits = tf.matmul(flat, weights)
        if self.seconds:
            waited = tf.numpy_function(self._wait, [logits], logits.dtype)
            logits += tf.stop_gradient(tf.ensure_shape(waited, logits.shape))
        return logits, None

    def _wait(self, logits: np.ndarray) -> np.ndarray:
        time.sleep(self.seconds)
        return np.zeros_like(logits)


def write_photos(folder: Path, count: int, side: int) -> tuple[Path, Path]:
    """Writes PNGs that compress about as photographs do; returns their CSV and folder."""
    draws = np.random.default_rng(0)
    images, csv = folder / "images", folder / "images.csv"
    images.mkdir()
    for i in range(count):
        coarse = tf.image.resize(draws.uniform(0, 255, (1, 9, 9, 3)), [side, side], "bicubic")
        pixels = coarse[0].numpy() + draws.normal(0, 6, (side, side, 3))
        write_image(images / f"{i:04d}.png", np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    csv.write_text("ImageId,TrueLabel\n" + "".join(f"{i:04d},1\n" for i in range(count)))
    return csv, images
