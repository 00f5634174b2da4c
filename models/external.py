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
from typing import Any
from urllib.parse import parse_qsl

from models.classifier import Classifier
from models.keras_applications import application_names, load_application
from models.saved_model import load_saved_model
from utils.errors import ModelError, UnknownNetwork

# Stands for a checkpoint where Keras fetches the weights by itself.
FETCHED_BY_KERAS = Path("fetched by Keras")
# A comma between two names; not the one inside `range=-1,1`.
_COMMA = re.compile(r",(?!\s*[-+]?[\d.]+\s*(?:[,&]|$))")


def _range(text: str) -> tuple[float, float]:
    low, high = (float(bound) for bound in text.split(","))
    if not low < high < float("inf") or low == float("-inf"):
        raise ValueError(text)
    return low, high


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


# Kind -> option -> how its text is read.
OPTIONS: dict[str, dict[str, Callable[[str], Any]]] = {
    "keras": {"weights": Path},
    "saved_model": {"side": _positive, "classes": _positive, "range": _range},
}
_EXAMPLES = {
    "keras": "keras:ResNet50 or keras:ResNet50?weights=FILE.h5",
    "saved_model": "saved_model:PATH?side=224&classes=1000&range=-1,1",
}


@dataclass(frozen=True)
class ExternalNetwork:
    """A network that is named by where it comes from.

    Attributes:
      name: as the user wrote it.
      kind: "keras" or "saved_model".
      target: the application's name, or the SavedModel's folder.
      options: what follows the question mark, as `OPTIONS` reads it.
      files: what its weights may be called in a folder of checkpoints.
    """

    name: str
    kind: str
    target: str
    options: dict[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ("saved_model.pb",)

    @property
    def zoo(self) -> str:
        """The zoo whose labels it has, by its `classes`; ImageNet where they aren't given."""
        return "demo" if self.options.get("classes") in (10, 11) else "imagenet"

    def find(self, folder: str | Path) -> Path | None:
        """Where its weights are: a file, a SavedModel's folder, FETCHED_BY_KERAS, or None."""
        if self.kind == "saved_model":
            return Path(self.target) if (Path(self.target) / "saved_model.pb").is_file() else None
        if weights := self.options.get("weights"):
            return weights if weights.is_file() else None
        held = (Path(folder) / file for file in self.files)
        return next((path for path in held if path.is_file()), FETCHED_BY_KERAS)

    def load(self, folder: str | Path) -> Classifier:
        """Loads it.

        Args:
          folder: may hold a Keras application's weights; or what `find` returned.

        Raises:
          ModelError: it cannot be had or does not suit.
        """
        weights = Path(folder) if Path(folder).suffix == ".h5" else self.find(folder)
        if weights is None:
            missing = self.options.get("weights", self.target)
            raise ModelError(f"{self.name}: there is no {self.kind} network at {missing}")
        if self.kind == "keras":
            file = None if weights == FETCHED_BY_KERAS else weights
            return load_application(self.name, self.target, file)
        return load_saved_model(
            self.name,
            Path(self.target),
            side=self.options.get("side"),
            classes=self.options.get("classes"),
            limits=self.options.get("range", (-1.0, 1.0)),
        )


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
    for option, _ in pairs:
        if option not in OPTIONS[kind]:
            raise UnknownNetwork(
                f"{name}: {option!r} is no option of {kind}:, which has {', '.join(OPTIONS[kind])}"
            )
    if not target or len(dict(pairs)) < len(pairs):
        raise UnknownNetwork(f"{name} is malformed: write {_EXAMPLES[kind]}")
    options = {}
    for option, text in pairs:
        try:
            options[option] = OPTIONS[kind][option](text)
        except ValueError as error:
            raise UnknownNetwork(
                f"{name}: {option}={text} is not valid: write {_EXAMPLES[kind]}"
            ) from error
    if kind != "keras":
        return ExternalNetwork(name, kind, target, options)
    if target not in application_names():
        known = ", ".join(application_names())
        raise UnknownNetwork(f"Keras has no application {target!r}; it has {known}")
    files = (f"{target}.weights.h5", f"{target}.h5")
    return ExternalNetwork(name, kind, target, options, files)


def split_names(text: str | Iterable[str]) -> tuple[str, ...]:
    """Splits a comma-separated list of networks, leaving `range=-1,1` whole.

    Args:
      text: the list, or its parts as a splitter at every comma left them.
    """
    text = text if isinstance(text, str) else ",".join(text)
    return tuple(name.strip() for name in _COMMA.split(text) if name.strip())
