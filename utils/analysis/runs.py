"""Run folders below a path, as pandas tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from utils.bound import Bound
from utils.errors import ResultsError
from utils.pipeline.record import RUN_FILE, RunRecord
from utils.success import succeeded


@dataclass(frozen=True)
class FinishedRun:
    """One finished run, in its folder."""

    path: Path
    record: RunRecord

    @property
    def method(self) -> str:
        """The method's canonical name."""
        return self.record.flags.method

    @property
    def seed(self) -> int:
        """Its seed."""
        return self.record.flags.seed

    @cached_property
    def bound(self) -> Bound:
        """What its perturbations were held to."""
        return self.record.bound

    @property
    def size(self) -> float:
        """Its bound's size, in [0, 255] units."""
        return self.bound.size

    @cached_property
    def transfer(self) -> pd.DataFrame:
        """The rows of transfer.csv, and the columns size and seed."""
        return self._table("transfer.csv").assign(size=self.size, seed=self.seed)

    @cached_property
    def per_image(self) -> pd.DataFrame:
        """The rows of per_image.csv, and size, seed and success: whether it reached its goal."""
        table = self._table("per_image.csv", dtype={"image_id": str})
        success = succeeded(table, self.record.flags.targeted)
        return table.assign(size=self.size, seed=self.seed, success=success)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The rows of steps.csv."""
        return self._table("steps.csv")

    def images(self, mode: str, image_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the clean and the adversarial image: uint8 [S, S, 3] each.

        Raises:
          ResultsError: one of them can't be read.
        """
        name = f"{image_id}.png"
        return _pixels(Path(self.record.flags.input_dir) / name), _pixels(self.path / mode / name)

    def _table(self, name: str, **options: Any) -> pd.DataFrame:
        path = self.path / name
        try:
            return pd.read_csv(path, **options)
        except (OSError, ValueError) as error:
            raise ResultsError(
                f"{path} can't be read ({error}): give that run's command again, or "
                f"`python scripts/judge.py {self.path}`."
            ) from error


def load_runs(paths: Iterable[Path]) -> list[FinishedRun]:
    """Finds the finished runs at or below the paths, each once.

    Raises:
      ResultsError: a path isn't there or holds no finished run.
      DataError: a run.json is broken.
    """
    runs: dict[Path, FinishedRun] = {}
    for path in map(Path, paths):
        if not path.is_dir():
            raise ResultsError(f"{path} is no folder: give the --output_dir of attack.py's runs.")
        folders = [file.parent for file in sorted(path.rglob(RUN_FILE))]
        records = [(folder, RunRecord.read(folder)) for folder in folders]
        found = [FinishedRun(folder, r) for folder, r in records if r is not None and r.complete]
        if not found:
            raise ResultsError(
                f"No finished run is below {path}: run attack.py or scripts/sweep.py with "
                f"--output_dir {path} first."
            )
        runs |= {run.path.resolve(): run for run in found}
    return list(runs.values())


def _pixels(path: Path) -> np.ndarray:
    # Imported late: tables read no pixels.
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise ResultsError(
            f"{path} can't be read ({error}): the figures strip and spectrum need the run's PNGs "
            "and the clean images where they were; leave these figures out with --figures."
        ) from error
