"""Run folders below a path, as pandas tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from utils.analysis.consistency import check_per_image, check_record, check_steps, check_transfer
from utils.analysis.csv_tables import read_table
from utils.bound import Bound
from utils.errors import DataError, ResultsError
from utils.pipeline.record import RUN_FILE, RunRecord
from utils.success import succeeded, succeeded_clean


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
        table = read_table(self.path / "transfer.csv")
        check_transfer(self.path, self.record, table)
        return table.assign(size=self.size, seed=self.seed)

    @cached_property
    def per_image(self) -> pd.DataFrame:
        """The rows of per_image.csv, and size, seed, success and what is so without an attack.

        success is whether the attack reached its goal, clean_success whether the clean image did,
        clean_right whether the victim gets that right.
        """
        table = read_table(self.path / "per_image.csv")
        check_per_image(self.path, self.record, table, self.transfer)
        targeted = self.record.flags.targeted
        return table.assign(
            size=self.size,
            seed=self.seed,
            success=succeeded(table, targeted),
            clean_success=succeeded_clean(table, targeted),
            clean_right=~succeeded_clean(table, targeted=False),
        )

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The rows of steps.csv."""
        table = read_table(self.path / "steps.csv")
        check_steps(self.path, self.record, table)
        return table

    def images(self, mode: str, image_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the clean and the adversarial image: uint8 [S, S, 3] each.

        Raises:
          ResultsError: one of them can't be read or isn't of the run's size.
        """
        try:
            clean = self._pixels(Path(self.record.flags.input_dir), f"{image_id}.png")
            return clean, self.adversarial(mode, image_id)
        except ResultsError as error:
            raise ResultsError(
                f"{error} The figures strip, contact and spectrum need the run's PNGs and the "
                "clean images where they were: leave these figures out with --figures."
            ) from error

    def adversarial(self, mode: str, image_id: str) -> np.ndarray:
        """Returns what a mode made of an image: uint8 [S, S, 3].

        Raises:
          ResultsError: it can't be read or isn't of the run's size.
        """
        return self._pixels(self.path, mode, f"{image_id}.png")

    def _pixels(self, folder: Path, *names: str) -> np.ndarray:
        # Imported late: tables read no pixels.
        from data.images import read_image

        path = folder.joinpath(*names)
        try:
            for name in names:
                # A file of the results must not lead out of the folder.
                if not _is_plain(name):
                    raise DataError(f"{name!r} is no name of a file.")
            if path.exists() and not path.is_file():
                raise DataError(f"{path} is not a file.")
            pixels = read_image(path)
            if len(pixels) != self.record.side:
                raise DataError(f"{path} is not {self.record.side} pixels wide as in run.json.")
        except (DataError, OSError) as error:
            raise ResultsError(str(error)) from error
        return pixels


def _is_plain(name: str) -> bool:
    return Path(name).name == name and name not in ("", ".", "..") and "\0" not in name


def load_runs(paths: Iterable[Path]) -> list[FinishedRun]:
    """Finds the finished runs at or below the paths, each once.

    Raises:
      ResultsError: a path isn't there or holds no finished run, or one that contradicts itself.
      DataError: a run.json is broken.
    """
    runs: dict[Path, FinishedRun] = {}
    for path in map(Path, paths):
        if not path.is_dir():
            raise ResultsError(f"{path} is no folder: give the --output_dir of attack.py's runs.")
        folders = [file.parent for file in sorted(path.rglob(RUN_FILE))]
        records = [(folder, RunRecord.read(folder)) for folder in folders]
        found = [FinishedRun(folder, r) for folder, r in records if r is not None and r.complete]
        for run in found:
            check_record(run.path, run.record)
        if not found:
            raise ResultsError(
                f"No finished run is below {path}: run attack.py or scripts/sweep.py with "
                f"--output_dir {path} first."
            )
        runs |= {run.path.resolve(): run for run in found}
    return list(runs.values())
