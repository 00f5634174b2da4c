"""What a run does besides a network's arithmetic, told apart by networks that cost nothing."""

import io
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from data import batches, from_uint8, to_uint8, write_image
from models import Classifier
from utils.benchmarks.clock import Timed, interleave
from utils.pipeline.config import RunConfig
from utils.pipeline.predictions import Judge
from utils.pipeline.run import run


class Runs:
    """Whole runs, and their files alone, each in a folder that was not there before."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        """Takes where to write, and the flags that all runs share."""
        self._folder, self._config = folder, config
        self._count = 0
        self._finished: dict[int, Path] = {}

    def run(self, source: str, num_batches: int) -> Path:
        """Attacks so many batches and judges them; returns the run's folder."""
        limit = num_batches * self._config.batch_size
        config = replace(
            self._config, source=(source,), limit=limit, output_dir=str(self._new_folder())
        )
        with redirect_stdout(io.StringIO()):
            return run(config)

    def finished(self, source: str, num_batches: int) -> Path:
        """Returns the folder of a run of so many batches that is made only once."""
        if num_batches not in self._finished:
            self._finished[num_batches] = self.run(source, num_batches)
        return self._finished[num_batches]

    def read_and_write(self, num_batches: int) -> None:
        """The files alone: every image is read, and as many PNGs written as a run would."""
        size, modes = self._config.batch_size, self._config.modes
        bound, folder = self._config.attack.max_epsilon, self._new_folder()
        for mode in modes:
            (folder / mode).mkdir(parents=True)
        paths = sorted(Path(self._config.input_dir).glob("*.png"))[: num_batches * size]
        draws = np.random.default_rng(2)
        noise: np.ndarray | None = None
        for batch in batches(paths, size):
            if noise is None:
                noise = (draws.uniform(-1, 1, batch.pixels.shape) * 2 * bound / 255).astype("f4")
            moved = np.clip(from_uint8(batch.pixels) + noise, -1.0, 1.0)
            for mode in modes:
                for i, image in enumerate(to_uint8(moved, batch.pixels, max_epsilon=bound)):
                    write_image(folder / mode / f"{batch.start + i}.png", image)

    def _new_folder(self) -> Path:
        self._count += 1
        return self._folder / f"run{self._count}"


def per_batch(
    contestants: Mapping[str, Callable[[int], object]], num_batches: int, rounds: int
) -> dict[str, tuple[float, float]]:
    """CPU and wall seconds a batch, what happens once (loading, tracing) subtracted.

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
    judge = Judge.of(victim)
    images = [tf.constant(from_uint8(batch.pixels)) for batch in batches(paths, batch_size)]
    starts = range(0, len(paths), batch_size)
    return interleave(
        {
            "bare": lambda: [judge.forward(batch)[0].numpy() for batch in images],
            "judge": lambda: list(judge.predict(paths, batch_size, starts)),
        },
        rounds,
    )
