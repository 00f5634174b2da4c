"""What a run does besides a network's arithmetic, told apart by networks that cost nothing."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from data import Dataset, batches, from_uint8, read_dataset, to_uint8, write_image
from methods import Attack, image_key, parse_method
from models import Classifier
from utils.benchmarks.clock import Timed, interleave
from utils.bound import Bound
from utils.files import write_atomically
from utils.interruption import Interruption
from utils.pipeline.config import RunConfig
from utils.pipeline.craft import craft
from utils.pipeline.folder import open_run_folder
from utils.pipeline.judge import judge, make_tables, measure_costs
from utils.pipeline.predictions import Judge
from utils.pipeline.tables import steps_table, to_csv


def write_photos(folder: Path, count: int, side: int) -> Dataset:
    """Writes PNGs that compress about as photographs do, and their CSV; every TrueLabel is 1."""
    draws = np.random.default_rng(0)
    images = folder / "images"
    images.mkdir()
    for i in range(count):
        coarse = tf.image.resize(draws.uniform(0, 255, (1, 9, 9, 3)), [side, side], "bicubic")
        pixels = coarse[0].numpy() + draws.normal(0, 6, (side, side, 3))
        write_image(images / f"{i:04d}.png", np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    csv = folder / "images.csv"
    csv.write_text("ImageId,TrueLabel\n" + "".join(f"{i:04d},1\n" for i in range(count)))
    return read_dataset(csv, images, max_label=1)


def free_network(side: int, seconds: float = 0.0) -> Classifier:
    """A linear network of two classes: next to no arithmetic, and a gradient of no zeros.

    Args:
      side: pixels of the images.
      seconds: to wait in every call without using the processor, as for a GPU.
    """
    entries = side * side * 3
    weights = np.random.default_rng(1).standard_normal((entries, 2)) / entries**0.5
    weights = tf.constant(weights, tf.float32)

    def wait(logits: np.ndarray) -> np.ndarray:
        time.sleep(seconds)
        return np.zeros_like(logits)

    def forward(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        logits = tf.matmul(tf.reshape(images, [-1, entries]), weights)
        if seconds:
            waited = tf.numpy_function(wait, [logits], tf.float32)
            logits += tf.stop_gradient(tf.ensure_shape(waited, logits.shape))
        return logits, None

    return Classifier("free", side, side, 2, 0, forward)


class Runs:
    """Stages of runs on a prefix of a data set, each in a folder that was not there before."""

    def __init__(self, folder: Path, dataset: Dataset, config: RunConfig) -> None:
        """Takes where to write, all images, and the run's flags (`batch_size`, `mode`, ...)."""
        self._folder, self._dataset, self._config = folder, dataset, config
        self._count = 0

    def craft(self, source: Classifier, num_batches: int, victims: Sequence[Classifier]) -> None:
        """Crafts some batches and writes steps.csv; then, where there are victims, judges too."""
        dataset = self._first(num_batches)
        self._count += 1
        path = self._folder / str(self._count)
        config, modes = self._config, self._config.modes
        with Interruption() as interruption, open_run_folder(path, self._folder) as folder:
            device = ["/CPU:0"]
            crafted = craft(config, dataset, device, lambda: source, folder, interruption)
            write_atomically(path / "steps.csv", to_csv(steps_table(crafted.values(), modes)))
            if not victims:
                return
            named = {f"victim {i}": victim for i, victim in enumerate(victims)}
            weights = dict.fromkeys(named, "")
            size = config.batch_size
            said = judge(
                dataset, modes, weights, named.__getitem__, folder, size, interruption, True
            )
            record = {"flags": config.all_flags(), "sources": {"victim 0": {}}}
            tables = make_tables(record, dataset, said, measure_costs(dataset, modes, folder))
            for name, table in zip(("per_image.csv", "transfer.csv"), tables, strict=True):
                write_atomically(path / name, to_csv(table))

    def attack(self, source: Classifier, num_batches: int) -> None:
        """The loop alone: no file is read or written."""
        size, config = self._config.batch_size, self._config
        attack = Attack(parse_method(config.method), config.attack, source.logits_and_aux)
        pixels = next(batches(self._dataset.paths[:size], size)).pixels
        keys = np.stack([image_key(0, str(i)) for i in range(size)])
        for _ in range(num_batches):
            crafted = attack(from_uint8(pixels), np.ones(size, np.int32), keys, config.modes)
            for result in crafted.values():
                result.images.numpy()

    def read_and_write(self, num_batches: int) -> None:
        """The files alone: every image is read, and as many PNGs written as a run would."""
        dataset, config = self._first(num_batches), self._config
        bound = Bound("linf", config.attack.max_epsilon)
        noise = np.random.default_rng(2).uniform(-1, 1, (config.batch_size, *[dataset.side] * 2, 3))
        self._count += 1
        folder = self._folder / str(self._count)
        for mode in config.modes:
            (folder / mode).mkdir(parents=True)
        for batch in batches(dataset.paths, config.batch_size):
            moved = from_uint8(batch.pixels) + (noise * 2 * bound.size / 255).astype(np.float32)
            moved = np.clip(moved, -1.0, 1.0)
            for mode in config.modes:
                for i, image in enumerate(to_uint8(moved, batch.pixels, bound)):
                    write_image(folder / mode / f"{batch.start + i}.png", image)

    def _first(self, num_batches: int) -> Dataset:
        count = num_batches * self._config.batch_size
        own = self._dataset
        return Dataset(
            own.ids[:count],
            own.paths[:count],
            own.true_labels[:count],
            None,
            own.side,
            own.csv_sha256,
            0,
        )


def per_batch(
    contestants: dict[str, Callable[[int], object]], num_batches: int, rounds: int
) -> dict[str, tuple[float, float]]:
    """CPU and wall seconds a batch, what happens once (tracing) subtracted.

    Each contestant is called with one batch and with 1 + `num_batches`, in turns; the median of the
    differences over the rounds counts.

    Args:
      contestants: name -> function of the number of batches.
      num_batches: how many more.
      rounds: how often.
    """
    calls = {
        (name, count): (lambda work=work, count=count: work(count))
        for name, work in contestants.items()
        for count in (1, 1 + num_batches)
    }
    timed = interleave(calls, rounds)

    def difference(name: str, field: str) -> float:
        few, many = (getattr(timed[name, count], field) for count in (1, 1 + num_batches))
        return statistics.median((b - a) / num_batches for a, b in zip(few, many, strict=True))

    return {name: (difference(name, "cpu"), difference(name, "wall")) for name in contestants}


def judging(
    victim: Classifier, paths: Sequence[Path], batch_size: int, rounds: int
) -> dict[str, Timed]:
    """A victim judging PNGs from their bytes ("judge"), and its bare forward loop ("bare").

    Args:
      victim: the network.
      paths: the PNGs, a multiple of the batch size.
      batch_size: images a batch.
      rounds: how often each is timed.
    """
    judge_of = Judge.of(victim)
    images = [tf.constant(from_uint8(batch.pixels)) for batch in batches(paths, batch_size)]
    starts = range(0, len(paths), batch_size)
    return interleave(
        {
            "bare": lambda: [judge_of.forward(batch)[0].numpy() for batch in images],
            "judge": lambda: list(judge_of.predict(paths, batch_size, starts)),
        },
        rounds,
    )
