"""One cell of a grid: one run of attack.py."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from models import ShortNames, checkpoint_sha256
from utils.bound import plain_number
from utils.pipeline.begin import identity_of
from utils.pipeline.config import RunConfig
from utils.pipeline.folder import TABLES
from utils.pipeline.participants import Networks, choose_networks
from utils.pipeline.record import RunRecord

ATTACK = Path(__file__).resolve().parent.parent.parent / "attack.py"


@dataclass(frozen=True)
class Cell:
    """One run.

    Attributes:
      config: its flags.
    """

    config: RunConfig

    @property
    def name(self) -> str:
        """What it is called in lists: source/method/epsilon, seed."""
        config = self.config
        where = config.folder("", tuple(map(ShortNames().name, config.source)))
        return str(where.relative_to(config.output_dir)) + f" seed {config.seed}"

    @cached_property
    def networks(self) -> Networks:
        """Its networks; raises what choose_networks raises."""
        return choose_networks(self.config)

    @property
    def folder(self) -> Path:
        """Where its results are, or will be."""
        return self.config.folder(self.networks.zoo, tuple(self.networks.sources))

    def command(self) -> list[str]:
        """Returns attack.py's command line: the flags that differ from their defaults."""
        defaults = RunConfig().all_flags()
        flags = {
            name: value
            for name, value in self.config.all_flags().items()
            if value != defaults[name] or name in ("method", "mode", "max_epsilon", "output_dir")
        }
        given = (_flag(*item) for item in flags.items())
        # Methods share a grid's flags; those that none of them uses, the grid refuses.
        return [sys.executable, str(ATTACK), *given, "--shared_flags"]

    def is_finished(self, csv_sha256: str, images_sha256: str) -> bool:
        """Whether its folder holds all that attack.py would leave there now.

        Args:
          csv_sha256: of the labels' CSV.
          images_sha256: `images_digest` of the images.

        Raises:
          DataError: its run.json is none, or a checkpoint can't be read.
        """
        record = RunRecord.read(self.folder)
        if record is None or not record.complete or record.images_sha256 != images_sha256:
            return False
        identity = identity_of(self.config, self.networks, csv_sha256)
        return (
            record.identity == identity
            and set(self.config.modes) <= set(record.modes)
            and all(
                name in record.victims and record.victims[name].sha256 == checkpoint_sha256(prefix)
                for name, prefix in self.networks.victims.items()
            )
            and all((self.folder / name).is_file() for name in TABLES)
        )


def _flag(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    if isinstance(value, (list, tuple)):
        return f"--{name}={','.join(map(str, value))}"
    # A float travels as the very number that it is.
    return f"--{name}={plain_number(value)}" if isinstance(value, float) else f"--{name}={value}"
