"""Networks from outside the zoo's table: `keras:NAME[?...]` and `saved_model:PATH[?...]`.

  keras:ResNet50                         of tf.keras.applications, weights fetched by Keras
  keras:ResNet50?weights=FILE.h5         weights from a file
  saved_model:PATH?side=224&classes=1000&range=-1,1
                                         a folder with a SavedModel; the range is what it takes
A SavedModel is a program: load only those that you trust.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from models.classifier import Classifier
from models.keras_applications import application_names, load_application
from models.saved_model import load_saved_model
from utils.errors import ModelError, UnknownNetwork

# Stands for a checkpoint where Keras fetches the weights by itself.
FETCHED_BY_KERAS = Path("fetched by Keras")
# A comma between two names; not the one inside `range=-1,1`.
_COMMA = re.compile(r",(?!\s*[-+]?[\d.]+\s*(?:[,&]|$))")

OPTIONS = {"keras": ("weights",), "saved_model": ("side", "classes", "range")}


@dataclass(frozen=True)
class ExternalNetwork:
    """A network that is named by where it comes from.

    Attributes:
      name: as the user wrote it.
      kind: "keras" or "saved_model".
      target: the application's name, or the SavedModel's folder.
      options: what follows the question mark.
      zoo: the zoo whose labels it has, from its `classes`; ImageNet where they aren't given.
      files: what its weights may be called in a folder of checkpoints.
    """

    name: str
    kind: str
    target: str
    options: dict[str, str] = field(default_factory=dict)
    zoo: str = "imagenet"
    files: tuple[str, ...] = ()

    def find(self, folder: str | Path) -> Path | None:
        """Where its weights are: a file, a SavedModel's folder, FETCHED_BY_KERAS, or None."""
        if self.kind == "saved_model":
            return Path(self.target) if (Path(self.target) / "saved_model.pb").is_file() else None
        if "weights" in self.options:
            weights = Path(self.options["weights"])
            return weights if weights.is_file() else None
        held = (Path(folder) / file for file in self.files)
        return next((path for path in held if path.is_file()), FETCHED_BY_KERAS)

    def load(self, weights: Path) -> Classifier:
        """Loads it from where `find` found it.

        Raises:
          ModelError: it cannot be had or does not suit.
        """
        if self.kind == "keras":
            file = None if weights == FETCHED_BY_KERAS else weights
            return load_application(self.name, self.target, file)
        return load_saved_model(self.name, Path(self.target), **_typed(self))


def is_external(name: str) -> bool:
    """Whether a network's name says that it comes from outside the table."""
    return name.partition(":")[0] in OPTIONS


def parse_external(name: str) -> ExternalNetwork:
    """Reads `keras:NAME[?...]` or `saved_model:PATH[?...]`.

    Raises:
      UnknownNetwork: it is malformed, or Keras has no such application.
    """
    kind, _, rest = name.partition(":")
    target, question, query = rest.rpartition("?")
    if not question:
        target, query = rest, ""
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    for option in options:
        if option not in OPTIONS[kind]:
            raise UnknownNetwork(
                f"{name}: {option!r} is no option of {kind}:, which has {', '.join(OPTIONS[kind])}"
            )
    if not target or len(options) < len(pairs):
        raise UnknownNetwork(f"{name} is malformed: write {_EXAMPLES[kind]}")
    if kind == "keras":
        if target not in application_names():
            known = ", ".join(application_names())
            raise UnknownNetwork(f"Keras has no application {target!r}; it has {known}")
        files = (f"{target}.weights.h5", f"{target}.h5")
        return ExternalNetwork(name, kind, target, options, files=files)
    classes = _typed(ExternalNetwork(name, kind, target, options)).get("classes")
    zoo = "demo" if classes in (10, 11) else "imagenet"
    return ExternalNetwork(name, kind, target, options, zoo, files=("saved_model.pb",))


def split_names(text: str | Iterable[str]) -> tuple[str, ...]:
    """Splits a comma-separated list of networks, leaving `range=-1,1` whole.

    Args:
      text: the list, or its parts as a splitter at every comma left them.
    """
    text = text if isinstance(text, str) else ",".join(text)
    return tuple(name.strip() for name in _COMMA.split(text) if name.strip())


_EXAMPLES = {
    "keras": "keras:ResNet50 or keras:ResNet50?weights=FILE.h5",
    "saved_model": "saved_model:PATH?side=224&classes=1000&range=-1,1",
}


def _range(text: str) -> tuple[float, float]:
    low, high = (float(bound) for bound in text.split(","))
    if not low < high < float("inf") or low == float("-inf"):
        raise ValueError(text)
    return low, high


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


_TYPES: dict[str, Callable] = {"side": _positive, "classes": _positive, "range": _range}


def _typed(network: ExternalNetwork) -> dict[str, object]:
    values = {}
    for option, text in network.options.items():
        try:
            values["limits" if option == "range" else option] = _TYPES[option](text)
        except ValueError as error:
            raise UnknownNetwork(
                f"{network.name}: {option}={text} is not valid: write {_EXAMPLES[network.kind]}"
            ) from error
    return values


def load_external(name: str, folder: str | Path) -> Classifier:
    """Loads an external network; `folder` may hold a Keras application's weights.

    Raises:
      UnknownNetwork: the name is malformed.
      ModelError: it cannot be had or does not suit.
    """
    network = parse_external(name)
    # What find_checkpoint returned may be handed back here.
    weights = Path(folder) if Path(folder).suffix == ".h5" else network.find(folder)
    if weights is None:
        missing = network.options.get("weights", network.target)
        raise ModelError(f"{name}: there is no {network.kind} network at {missing}")
    return network.load(weights)
