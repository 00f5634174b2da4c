"""A run, at work or finished, as the stages see it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import models
from data import Dataset
from methods import MODES
from utils.class_names import names_beside
from utils.errors import UsageError
from utils.interruption import Interruption
from utils.pipeline.config import RunConfig
from utils.pipeline.folder import RunFolder
from utils.pipeline.inputs import load_dataset
from utils.pipeline.participants import ZOOS
from utils.pipeline.record import RunRecord

# Stands for the originals where modes are named.
CLEAN = "clean"


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
      record: what run.json holds, or will hold.
      dataset: the original images.
      folder: where it writes.
      interruption: asked between batches whether to stop.
      awaited: victims that have never been loaded: run.json names them once they have.
      class_names: label -> name; empty where none are known.
      looked_in: the --checkpoint_path that was given to find the victims in, if any.
      named: networks that this command's own flags name; others of its victims are loaded only if
        they are of the zoo, whose files hold numbers alone.
    """

    record: RunRecord
    dataset: Dataset
    folder: RunFolder
    interruption: Interruption = field(default_factory=Interruption)
    named: frozenset[str] = frozenset()
    awaited: set[str] = field(default_factory=set)
    class_names: tuple[str, ...] = ()
    looked_in: Path | None = None

    @classmethod
    def reopen(
        cls,
        path: Path,
        input_csv: Path | None = None,
        input_dir: Path | None = None,
        checkpoint_path: Path | None = None,
        named: Iterable[str] = (),
    ) -> "Run":
        """Finds a finished run and its images; no checkpoint is needed.

        Args:
          path: its folder.
          input_csv: where the CSV is now; None for where it was.
          input_dir: where the images are now; None for where they were.
          checkpoint_path: where the victims' checkpoints are now; None for where they were.
          named: networks that the command's flags name.

        Raises:
          UsageError: there is no run, or run.json holds flags or modes that no run can have.
          DataError: as `read_dataset`.
        """
        record = RunRecord.read(path)
        if record is None:
            raise UsageError(f"{path} holds no run.json: give the folder of a run.")
        if record.judged_images is not None:
            raise UsageError(
                f"{path} holds images that another program made: give the command of "
                "judge_images.py again to judge them."
            )
        modes = record.modes
        if not modes or len(set(modes)) < len(modes) or not set(modes) <= MODES.keys():
            # A mode's name leads to its PNGs.
            raise UsageError(f"{path}'s run.json holds modes that no run has: {modes!a:.80}.")
        place = replace(
            ZOOS[record.zoo],
            input_csv=Path(input_csv or record.flags.input_csv),
            input_dir=Path(input_dir or record.flags.input_dir),
        )
        dataset = load_dataset(RunConfig.of_record(record), place)
        trusted = _name_again(record, named)
        if checkpoint_path is not None:
            for name, network in record.victims.items():
                meant = network.stands_for or models.split_defences(name)[0]
                found = models.find_checkpoint(meant, checkpoint_path)
                network.checkpoint = str(found or network.checkpoint)
        return cls(
            record,
            dataset,
            RunFolder(path),
            named=trusted,
            class_names=names_beside(place.input_csv),
            looked_in=checkpoint_path,
        )

    def write(self) -> None:
        """Writes run.json as it is by now."""
        victims = {
            name: network
            for name, network in self.record.victims.items()
            if name not in self.awaited
        }
        self.record.model_copy(update={"victims": victims}).write(self.folder.path)

    def note_loaded(self, victims: Iterable[str]) -> None:
        """Has run.json name victims, now that they are known to load."""
        new = self.awaited.intersection(victims)
        if new:
            self.awaited.difference_update(new)
            self.write()

    @property
    def modes(self) -> tuple[str, ...]:
        """Its modes, in the tables' order."""
        return tuple(self.record.modes)

    @cached_property
    def config(self) -> RunConfig:
        """Its flags, those of the last command that worked on it."""
        return RunConfig.of_record(self.record)

    def network_of(self, victim: str) -> str:
        """Returns the network that a victim's name stands for, without defences."""
        return self.record.victims[victim].stands_for or models.split_defences(victim)[0]

    def pngs(self, mode: str) -> list[Path]:
        """Returns the place of every image of a mode, or of the originals."""
        if mode == CLEAN:
            return list(self.dataset.paths)
        return [self.folder.png(mode, image_id) for image_id in self.dataset.ids]


def _name_again(record: RunRecord, named: Iterable[str]) -> frozenset[str]:
    """Has victims stand for what the command's own flags say, and returns those that it trusts.

    A short name by itself is trusted for nothing: the folder would say which program it starts.
    """
    named = list(named)
    short, trusted = models.ShortNames.of(named), set()
    for text in named:
        name = short.name(text)
        network = record.victims.get(name)
        meant = short.meaning(name)
        if network is None or (network.stands_for and meant == models.split_defences(name)[0]):
            continue
        if meant != models.split_defences(name)[0]:
            network.stands_for = meant
            network.checkpoint = str(models.find_checkpoint(meant, "") or network.checkpoint)
        trusted.add(name)
    return frozenset(trusted)
