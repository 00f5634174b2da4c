"""A measurement of a few seconds: gradients a second, and what 1000 photos would take."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import read_image, write_image
from models import load_classifier
from models.network import Network
from utils.benchmarks.gradient import make_gradient
from utils.benchmarks.workload import random_inputs
from utils.quiet import tf

BATCH = 16
PHOTOS, MODES, ITERATIONS = 1000, 2, 10


@dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
      gradients, predictions: images a second, in batches of 16.
      gradients_tf32: the same with TF32; None where no GPU would compute in it.
      png: seconds to write and read an image.
    """

    gradients: float
    predictions: float
    gradients_tf32: float | None
    png: float

    def run_seconds(self, victims: int) -> float:
        """Seconds of I-FGSM in two modes on 1000 photos, as if all victims were this network."""
        gradients = PHOTOS * MODES * ITERATIONS / self.gradients
        predictions = PHOTOS * (MODES + 1) * victims / self.predictions
        return gradients + predictions + PHOTOS * MODES * self.png


def measure(network: Network, checkpoint: Path, seconds: float) -> Speed:
    """Measures a network on random images.

    Args:
      seconds: of counting gradients; a quarter of that goes to predictions.
    """
    classifier, inputs = (
        load_classifier(network.name, checkpoint),
        random_inputs(network.name, BATCH),
    )
    gradient, images = make_gradient(classifier, inputs), tf.constant(inputs.images)
    predict = tf.function(classifier.__call__, autograph=False)
    tf32 = None
    plain = BATCH * _rate(gradient, seconds)
    if _has_tf32():
        tf.config.experimental.enable_tensor_float_32_execution(True)
        try:
            tf32 = BATCH * _rate(gradient, seconds)
        finally:
            tf.config.experimental.enable_tensor_float_32_execution(False)
    predictions = BATCH * _rate(lambda: predict(images).numpy(), seconds / 4)
    return Speed(plain, predictions, tf32, _png_seconds(network.side))


def _rate(work: Callable[[], object], seconds: float) -> float:
    """Calls a second, after a first that is not counted."""
    work()
    began, calls = time.perf_counter(), 0
    while not calls or time.perf_counter() - began < seconds:
        work()
        calls += 1
    return calls / (time.perf_counter() - began)


def _has_tf32() -> bool:
    details = tf.config.experimental.get_device_details
    gpus = tf.config.get_visible_devices("GPU")
    return any(details(gpu).get("compute_capability", (0, 0)) >= (8, 0) for gpu in gpus)


def _png_seconds(side: int, count: int = 4) -> float:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path, began = Path(folder) / "noise.png", time.perf_counter()
        for _ in range(count):
            write_image(path, pixels)
            read_image(path)
        return (time.perf_counter() - began) / count
