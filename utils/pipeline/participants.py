"""Which zoo, which sources, which victims: from flags to checkpoints."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import models
from data.answers import MOST_BYTES
from models import ExternalNetwork, ShortNames, get_network, parse_external, split_defences
from utils.answers import holds_answers
from utils.class_names import named_zoo
from utils.errors import RunError, UsageError
from utils.pipeline.config import RunConfig

_DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


@dataclass(frozen=True)
class Zoo:
    """Where a zoo's things are unless flags say otherwise, and the side of its images."""

    default_source: str
    checkpoint_path: Path
    input_csv: Path
    input_dir: Path
    max_label: int
    side: int


ZOOS = {
    "imagenet": Zoo(
        default_source="inception_v3",
        checkpoint_path=Path("checkpoints"),
        input_csv=Path("data/imagenet/dev_dataset.csv"),
        input_dir=Path("data/imagenet/images"),
        max_label=1000,
        side=299,
    ),
    "demo": Zoo(
        default_source="demo_inception",
        checkpoint_path=_DEMO / "checkpoints",
        input_csv=_DEMO / "dev_dataset.csv",
        input_dir=_DEMO / "images",
        max_label=10,
        side=64,
    ),
}


@dataclass(frozen=True)
class Networks:
    """Who attacks and who is judged.

    Attributes:
      zoo: "imagenet" or "demo".
      sources: name -> checkpoint prefix.
      victims: the same, the sources first.
      input_csv, input_dir: the images' place, after the zoo's defaults.
      short_names: what names that the user gave stand for.
      reason: why this zoo, in a sentence for the user.
    """

    zoo: str
    sources: dict[str, Path]
    victims: dict[str, Path]
    input_csv: Path
    input_dir: Path
    max_label: int
    reason: str
    short_names: ShortNames = ShortNames()

    @property
    def attacked(self) -> dict[str, Path]:
        """Network, as it is named without a short name -> checkpoint, of the sources."""
        return {self.short_names.meaning(name): path for name, path in self.sources.items()}


def choose_networks(config: RunConfig, attacks: bool = True) -> Networks:
    """Finds what the flags ask for.

    Args:
      config: the flags.
      attacks: whether there is a source; else the zoo is --zoo, or that of the first victim which
        is of one.

    Raises:
      UsageError: flags that contradict each other or name a network without a checkpoint.
      UnknownNetwork: a name that is not in the zoo.
    """
    short = ShortNames.of((*config.source, *config.victims))
    config = replace(
        config,
        source=tuple(map(short.name, config.source)),
        victims=tuple(map(short.name, config.victims)),
    )
    _check_answers(config, short, attacks)
    for name in config.source:
        network, chain = split_defences(name)
        if chain.steps:
            raise UsageError(
                f"--source {name} can't be: defences are for victims. Attack {network}, and give "
                f"--victims {name}."
            )
    if attacks:
        zoo_name, reason = _choose_zoo(config, short)
    else:
        of_victims = (get_network(short.meaning(name)).zoo for name in config.victims)
        asked = "" if config.zoo == "auto" else config.zoo
        zoo_name = asked or next(filter(None, of_victims), "imagenet")
        reason = "--zoo says so" if asked else "its victims' zoo"
    zoo = ZOOS[zoo_name]
    folder = Path(config.checkpoint_path) if config.checkpoint_path else zoo.checkpoint_path
    source_names = (config.source or (zoo.default_source,)) if attacks else ()
    for name in source_names:
        if not get_network(short.meaning(name)).has_gradient:
            raise UsageError(
                f"--source {name} can't be: it gives no gradient. Name it with --victims instead."
            )
    sources = {name: _checkpoint(short.meaning(name), zoo_name, folder) for name in source_names}
    found = {
        name: models.find_checkpoint(name, folder)
        for name, network in models.NETWORKS.items()
        if network.zoo == zoo_name
    }
    # A file given by itself is the source's.
    held = {name: path for name, path in found.items() if path is not None and folder.is_dir()}
    own = attacks and not named_zoo(zoo_name, map(short.meaning, source_names))
    # The zoo's networks would look for their shapes in images of other classes.
    victims = sources if own and not config.victims else sources | held
    if config.victims:
        names = [each for name in config.victims for each in _spelled_out(name, victims)]
        victims = {name: _checkpoint(short.meaning(name), zoo_name, folder) for name in names}
    _refuse_shared_files({short.meaning(name): at for name, at in (sources | victims).items()})
    return Networks(
        zoo=zoo_name,
        sources=sources,
        victims=victims,
        input_csv=Path(config.input_csv) if config.input_csv else zoo.input_csv,
        input_dir=Path(config.input_dir) if config.input_dir else zoo.input_dir,
        max_label=zoo.max_label,
        reason=reason,
        short_names=short,
    )


def _check_answers(config: RunConfig, short: ShortNames, attacks: bool) -> None:
    """Refuses files of answers where nobody can have answered yet, or behind a defence."""
    for flag, names in (("source", config.source), ("victims", config.victims)):
        for name in names:
            network = short.meaning(name)
            if not holds_answers(network):
                continue
            file = parse_external(network).target
            if attacks:
                raise UsageError(
                    f"--{flag} {name} can't be: {file} holds answers to images, and this command "
                    "is yet to make its own. Make them, have the program answer to them, and give "
                    "this to `python scripts/judge.py RUN --victims`."
                )
            if split_defences(name)[1].steps:
                raise UsageError(
                    f"--{flag} {name} can't be: defences change what a network is shown, and "
                    f"{file} holds answers that are given. Have the program answer to images "
                    "behind the defence, and leave it out of the name."
                )


def _spelled_out(name: str, found: Iterable[str]) -> list[str]:
    """What a victim's name stands for: `*` is every network that is found, `*+jpeg75` each so."""
    network, plus, chain = name.partition("+")
    return [f"{each}{plus}{chain}" for each in found] if network == "*" else [name]


def _refuse_shared_files(networks: dict[str, Path]) -> None:
    """Makes sure that no checkpoint stands for two networks, in one run or from run to run."""
    names: dict[Path, str] = {}
    for name, path in networks.items():
        if name not in models.NETWORKS:
            continue
        other = names.setdefault(path.resolve(), name)
        if other != name:
            raise UsageError(
                f"{path} can't be the checkpoint of both {other} and {name}: give the folder of "
                "the checkpoints as --checkpoint_path, or one of the two alone."
            )
    for name, path in networks.items():
        owner = models.owner_of(path) if name in models.NETWORKS else None
        if owner is not None and owner.name != name:
            raise UsageError(
                f"{path} is by its name the checkpoint of {owner.name}, not of {name}: rename it "
                "if it is, or give the folder of the checkpoints as --checkpoint_path."
            )


def _choose_zoo(config: RunConfig, short: ShortNames) -> tuple[str, str]:
    """Returns the zoo and why."""
    of_sources = {name: get_network(short.meaning(name)).zoo for name in config.source}
    if len(set(of_sources.values())) > 1:
        raise UsageError(f"--source mixes the demo zoo and ImageNet: {','.join(config.source)}.")
    if of_sources:
        zoo = next(iter(of_sources.values()))
        if config.zoo not in ("auto", zoo):
            raise UsageError(
                f"--zoo is {config.zoo}, but --source {config.source[0]} belongs to {zoo}: leave "
                "one of the two out."
            )
        if not named_zoo(zoo, map(short.meaning, config.source)):
            return zoo, "by which networks of your own with ten classes go"
        return zoo, f"the source belongs to the {zoo} zoo"
    if config.zoo != "auto":
        return config.zoo, "--zoo says so"
    imagenet = ZOOS["imagenet"]
    folder = Path(config.checkpoint_path) if config.checkpoint_path else imagenet.checkpoint_path
    if folder.exists() and models.find_checkpoint(imagenet.default_source, folder) is not None:
        return "imagenet", f"{imagenet.default_source}'s checkpoint is in {folder}"
    if config.checkpoint_path or config.input_csv or config.input_dir:
        raise UsageError(
            f"No checkpoint of the default source {imagenet.default_source} is in {folder}: name "
            "another network with --source, or give --zoo demo. `python scripts/doctor.py "
            f"--checkpoint_path {folder}` lists what is there."
        )
    return "demo", f"no checkpoint of {imagenet.default_source} is in {folder}/"


def _checkpoint(name: str, zoo: str, folder: Path) -> Path:
    network = get_network(name)
    # Answers are of the zoo that their images are of.
    if network.zoo not in (zoo, ""):
        raise UsageError(f"{name} belongs to the {network.zoo} zoo; this run is on the {zoo} zoo.")
    found = models.find_checkpoint(name, folder)
    if found is None and isinstance(network, ExternalNetwork):
        what = "file" if holds_answers(name) else "network"
        raise RunError(f"There is no {what} at {name}: check the path in its name.")
    if found is not None and holds_answers(name) and found.stat().st_size > MOST_BYTES:
        raise UsageError(
            f"{found} has more than {MOST_BYTES >> 20} MiB: leave the answers to this run in it."
        )
    if found is None and not folder.exists():
        raise UsageError(f"--checkpoint_path {folder} is no folder: give the checkpoints' folder.")
    if found is None:
        raise RunError(
            f"No checkpoint of {name} is in {folder}: it would be named {network.files[0]}. "
            f"`python scripts/doctor.py --checkpoint_path {folder}` lists what is there."
        )
    return found
