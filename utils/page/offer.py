"""What a page has to offer: networks of one kind that were found, and their images."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data import Dataset, read_dataset, read_image
from models import (
    NETWORKS,
    ExternalNetwork,
    Network,
    ShortNames,
    find_checkpoint,
    get_network,
)
from utils.class_names import named_zoo
from utils.errors import BenchError, UsageError
from utils.page.picture import Picture
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import ZOOS, choose_networks


@dataclass(frozen=True, eq=False)
class Offer:
    """A zoo's things, or those of networks of one's own.

    Attributes:
      zoo: "imagenet" or "demo", by which the networks go.
      checkpoint_path: where its networks were looked for, as attack.py's flag; empty: its own.
      checkpoints: name -> checkpoint of each network that was found.
      input_csv, input_dir: where its images are; no CSV: there are none.
      short_names: what names that the user gave stand for.
    """

    zoo: str
    checkpoint_path: str
    checkpoints: dict[str, Path]
    input_csv: Path | None
    input_dir: Path
    short_names: ShortNames = ShortNames()

    @classmethod
    def find(
        cls,
        zoo: str,
        checkpoint_path: str = "",
        networks: Sequence[str] = (),
        input_csv: str = "",
        input_dir: str = "",
        alone: bool = False,
    ) -> Offer:
        """Looks for networks and images.

        Args:
          zoo, checkpoint_path, input_csv, input_dir: as attack.py's flags.
          networks: names beside those of the zoo that are found, such as `saved_model:PATH`.
          alone: leave out the zoo's own networks and images, which know other classes.

        Raises:
          UsageError, RunError, UnknownNetwork: as attack.py with these flags.
        """
        if networks and not alone:
            own = Offer.find(zoo, checkpoint_path).checkpoints if zoo in ZOOS else {}
            networks = tuple(dict.fromkeys((*networks, *own)))
        config = RunConfig(
            zoo=zoo,
            checkpoint_path=checkpoint_path,
            source=_first_source(zoo, checkpoint_path, networks),
            victims=tuple(networks),
            input_csv=input_csv,
            input_dir=input_dir,
        )
        found = choose_networks(config)
        return cls(
            zoo,
            checkpoint_path,
            found.victims,
            None if alone and not input_csv else found.input_csv,
            found.input_dir,
            found.short_names,
        )

    @property
    def class_zoo(self) -> str:
        """The zoo whose classes the networks know; "" where they have others."""
        return named_zoo(self.zoo, map(self.short_names.meaning, self.checkpoints))

    @property
    def sources(self) -> list[str]:
        """The networks that can be attacked: those with a gradient."""
        return [name for name in self.checkpoints if self._network(name).has_gradient]

    def side(self, source: str) -> int:
        """Pixels of what a photo is made to, as attack.py's --image does it."""
        network = self._network(source)
        if isinstance(network, ExternalNetwork) and network.kind == "saved_model":
            return network.options.get("side", ZOOS[self.zoo].side)
        return ZOOS[self.zoo].side

    def _network(self, name: str) -> Network | ExternalNetwork:
        return get_network(self.short_names.meaning(name))

    @functools.cached_property
    def dataset(self) -> Dataset | None:
        """The images with their labels; None where none are there."""
        if self.input_csv is None:
            return None
        try:
            return read_dataset(
                self.input_csv, self.input_dir, ZOOS[self.zoo].max_label, skip_missing=True
            )
        except BenchError:
            return None

    def picture(self, image_id: str) -> Picture:
        """Returns one of the images.

        Raises:
          UsageError: there is no such one.
          DataError: it can't be read.
        """
        if self.dataset is None or image_id not in self.dataset.ids:
            raise UsageError(f"There is no image {image_id!a:.80}: choose one of the list.")
        place = self.dataset.ids.index(image_id)
        label = int(self.dataset.true_labels[place])
        return Picture(image_id, read_image(self.dataset.paths[place]), label)


def _first_source(zoo: str, checkpoint_path: str, networks: Sequence[str]) -> tuple[str, ...]:
    """A source that is there, where the zoo's default one may not be."""
    short = ShortNames.of(networks)
    for name in networks:
        if get_network(short.meaning(short.name(name))).has_gradient:
            return (name,)
    folder = Path(checkpoint_path) if checkpoint_path else ZOOS[zoo].checkpoint_path
    return tuple(found_in(zoo, folder)[:1])


def found_in(zoo: str, folder: Path) -> list[str]:
    """Returns the names of a zoo's networks whose checkpoints are in a folder."""
    return [
        name
        for name, network in NETWORKS.items()
        if network.zoo == zoo and folder.is_dir() and find_checkpoint(name, folder) is not None
    ]
