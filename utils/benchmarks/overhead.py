"""What a run does besides a network's arithmetic, told apart by networks that cost nothing."""

from __future__ import annotations

import io
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from data import batches, from_uint8, to_uint8, write_image
from models import Classifier
from utils.benchmarks.clock import Timed, interleave
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute
from utils.pipeline.predictions import Judge
from utils.quiet import tf


@dataclass(frozen=True)
class Runs:
    """Whole runs, and their files by themselves, each in a new folder inside `folder`.

    Attributes:
      folder: where to write.
      config: the flags that all runs share.
    """

    folder: Path
    config: RunConfig

    def run(self, source: str, num_batches: int) -> Path:
        """Attacks so many batches and judges them; returns the run's folder."""
        limit, output_dir = num_batches * self.config.batch_size, mkdtemp(dir=self.folder)
        config = replace(self.config, source=(source,), limit=limit, output_dir=output_dir)
        with redirect_stdout(io.StringIO()):
            return execute(config)

    def read_and_write(self, num_batches: int) -> None:
        """Reads every image, and writes as many PNGs as a run would."""
        size, modes = self.config.batch_size, self.config.modes
        bound, folder = self.config.attack.bound, Path(mkdtemp(dir=self.folder))
        for mode in modes:
            (folder / mode).mkdir()
        paths = sorted(Path(self.config.input_dir).glob("*.png"))[: num_batches * size]
        noise = None
        for batch in batches(paths, size):
            if noise is None:
                draws = np.random.default_rng(2).uniform(-1, 1, batch.pixels.shape)
                noise = (draws * bound.in_images).astype(np.float32)
            moved = np.clip(from_uint8(batch.pixels) + noise, -1.0, 1.0)
            for mode in modes:
                for i, image in enumerate(to_uint8(moved, batch.pixels, bound)):
                    write_image(folder / mode / f"{batch.start + i}.png", image)


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
