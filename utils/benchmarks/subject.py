"""What is attacked in a benchmark: a network of the zoo with random weights, and random images."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from models import NETWORKS, Classifier
from models.folding import checkpoint_shapes
from models.graph import folded_shapes


@dataclass(frozen=True)
class Batch:
    """Images float32 [N, S, S, 3] in [-1, 1], labels int32 [N] (columns), keys int32 [N, 2]."""

    images: np.ndarray
    labels: np.ndarray
    keys: np.ndarray


def random_checkpoint(network: str, folder: Path, seed: int = 0) -> Path:
    """Writes a checkpoint in the public form, batch norm unfolded, as training would begin with.

    Kernels are He-normal; statistics, offsets and biases are near those of a batch norm at rest.

    Args:
      network: a key of NETWORKS.
      folder: where to.
      seed: of the weights.

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


def random_batch(network: str, batch_size: int, seed: int = 0) -> Batch:
    """Images of 8-bit noise at the network's own side."""
    row = NETWORKS[network]
    draws = np.random.default_rng(seed)
    pixels = draws.integers(0, 256, (batch_size, row.side, row.side, 3))
    return Batch(
        images=(pixels / 127.5 - 1.0).astype(np.float32),
        labels=draws.integers(0, row.num_classes, batch_size).astype(np.int32),
        keys=draws.integers(0, 2**31 - 1, (batch_size, 2)).astype(np.int32),
    )


def make_gradient(classifier: Classifier, batch: Batch) -> Callable[[], np.ndarray]:
    """The gradient of the loss, auxiliary loss included, with respect to the batch's images."""
    images, labels = tf.constant(batch.images), tf.constant(batch.labels)

    @tf.function
    def gradient() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            losses = [
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                for logits in classifier.logits_and_aux(images)
                if logits is not None
            ]
            loss = tf.add_n(losses)
        return tape.gradient(loss, images)

    return lambda: gradient().numpy()
