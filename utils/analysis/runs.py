"""Run folders below a path, as pandas tables."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from utils.errors import ResultsError


@dataclass(frozen=True)
class Run:
    """One finished run.

    Attributes:
      path: its folder.
      record: the content of run.json.
    """

    path: Path
    record: dict

    @property
    def flags(self) -> dict:
        """Its flags by name."""
        return self.record["flags"]

    @property
    def source(self) -> str:
        """The network attacked; "a+b" for an ensemble."""
        return "+".join(self.record["sources"])

    @property
    def method(self) -> str:
        """The method's canonical name."""
        return self.flags["method"]

    @property
    def epsilon(self) -> float:
        """The L-infinity bound, in [0, 255] units."""
        return float(self.flags["max_epsilon"])

    @property
    def seed(self) -> int:
        """Its seed."""
        return int(self.flags["seed"])

    @cached_property
    def transfer(self) -> pd.DataFrame:
        """The rows of transfer.csv."""
        return self._table("transfer.csv").assign(max_epsilon=self.epsilon)

    @cached_property
    def per_image(self) -> pd.DataFrame:
        """The rows of per_image.csv, and `success`: whether the attack reached its goal."""
        table = self._table("per_image.csv", dtype={"image_id": str})
        # Empty in the L2 ball, where runs are told apart by max_l2.
        table["max_epsilon"] = self.epsilon
        table["success"] = _success(table, bool(self.flags["targeted"]))
        return table

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The rows of steps.csv."""
        return self._table("steps.csv")

    def png(self, mode: str, image_id: str) -> Path:
        """Returns the place of an adversarial image."""
        return self.path / mode / f"{image_id}.png"

    def clean_png(self, image_id: str) -> Path:
        """Returns the place of a clean image."""
        return Path(self.flags["input_dir"]) / f"{image_id}.png"

    def _table(self, name: str, **options: object) -> pd.DataFrame:
        path = self.path / name
        try:
            return pd.read_csv(path, **options)
        except (OSError, ValueError) as error:
            raise ResultsError(
                f"{path} can't be read ({error}): give that run's command again, or "
                f"`python scripts/judge.py {self.path}`."
            ) from error


def load_runs(paths: Iterable[Path]) -> list[Run]:
    """Finds the finished runs at or below the paths.

    Raises:
      ResultsError: a path isn't there, holds no finished run, or a run.json is broken.
    """
    runs: dict[Path, Run] = {}
    for path in map(Path, paths):
        if not path.is_dir():
            raise ResultsError(f"{path} is no folder: give the --output_dir of attack.py's runs.")
        found = [run for file in sorted(path.rglob("run.json")) if (run := _read(file))]
        if not found:
            raise ResultsError(
                f"No finished run is below {path}: run attack.py or scripts/sweep.py with "
                f"--output_dir {path} first."
            )
        runs |= {run.path.resolve(): run for run in found}
    return list(runs.values())


def _read(file: Path) -> Run | None:
    try:
        record = json.loads(file.read_text())
        complete = record["status"] == "complete"
        run = Run(file.parent, record)
        # A run.json of something else fails here, with its name, and not in a figure.
        _ = (run.source, run.method, run.epsilon, run.seed, run.flags["targeted"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(
            f"{file} is no run.json of attack.py ({error!r}): move it away."
        ) from error
    return run if complete else None


def _success(table: pd.DataFrame, targeted: bool) -> pd.Series:
    if targeted:
        return table["adversarial_label"] == table["target_class"]
    return table["adversarial_label"] != table["true_label"]
