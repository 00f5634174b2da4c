"""Networks from outside the zoo's table: `KIND:TARGET[?OPTION=VALUE&...]`.

  keras:ResNet50                         of tf.keras.applications, weights fetched by Keras
  keras:ResNet50?weights=FILE.h5         weights from a file
  saved_model:PATH?side=224&classes=1000&range=-1,1
                                         a folder with a SavedModel; the range is what it takes
  onnx:PATH?as=torchvision               an ONNX file, through onnxruntime; a victim only
  tflite:PATH?range=-1,1                 a TFLite file, quantised or float; a victim only
  predictions:PATH.csv?offset=1          what any program said of PNGs that are made already
What onnx: and tflite: take is said by `as` (torchvision, timm, inception) or by `mean` and `std`
(of white 1) or `range`, and where the file leaves it open by `side`, `layout` (nchw, nhwc) and
`crop`. `offset` turns a file's labels into TrueLabels: 1 where they count from 0.
A SavedModel is a program: load only those that you trust.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from models.classifier import Classifier
from models.input_form import PRESETS
from models.keras_applications import application_names, load_application
from models.onnx_network import load_onnx
from models.saved_model import load_saved_model
from models.tflite_network import load_tflite
from utils.answers import KIND
from utils.errors import ModelError, UnknownNetwork

# Stands for a checkpoint where Keras fetches the weights by itself.
FETCHED_BY_KERAS = Path("fetched by Keras")
# A comma between two names; not the one inside `range=-1,1`.
_COMMA = re.compile(r",(?!\s*[-+]?[\d.]+\s*(?:[,&+]|$))")


def _range(text: str) -> tuple[float, float]:
    low, high = (float(bound) for bound in text.split(","))
    if not low < high < float("inf") or low == float("-inf"):
        raise ValueError(text)
    return low, high


def _three(text: str) -> tuple[float, ...]:
    values = tuple(float(value) for value in text.split(","))
    if len(values) != 3 or not all(math.isfinite(value) for value in values):
        raise ValueError(text)
    return values


def _three_positive(text: str) -> tuple[float, ...]:
    if min(values := _three(text)) <= 0:
        raise ValueError(text)
    return values


def _share(text: str) -> float:
    if not 0 < float(text) <= 1:
        raise ValueError(text)
    return float(text)


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return read


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _offset(text: str) -> int:
    if int(text) not in (-1, 0, 1):
        raise ValueError(text)
    return int(text)


_FORM: dict[str, Callable[[str], Any]] = {
    "side": _positive,
    "classes": _positive,
    "range": _range,
    "mean": _three,
    "std": _three_positive,
    "layout": _one_of("nchw", "nhwc"),
    "crop": _share,
    "as": _one_of(*PRESETS),
}
# Kind -> option -> how its text is read.
OPTIONS: dict[str, dict[str, Callable[[str], Any]]] = {
    "keras": {"weights": Path},
    "saved_model": {"side": _positive, "classes": _positive, "range": _range},
    "onnx": _FORM,
    "tflite": _FORM,
    KIND: {"offset": _offset},
}
# Kinds whose library gives no gradient.
_VICTIMS_ONLY = ("onnx", "tflite", KIND)
_LOADERS = {"onnx": load_onnx, "tflite": load_tflite}
_EXAMPLES = {
    "keras": "keras:ResNet50 or keras:ResNet50?weights=FILE.h5",
    "saved_model": "saved_model:PATH?side=224&classes=1000&range=-1,1",
    "onnx": "onnx:PATH?as=torchvision or onnx:PATH?side=224&layout=nchw&range=-1,1",
    "tflite": "tflite:PATH?range=-1,1",
    KIND: f"{KIND}:PATH.csv?offset=1",
}


@dataclass(frozen=True)
class ExternalNetwork:
    """A network that is named by where it comes from.

    Attributes:
      name: as the user wrote it.
      kind: a key of `OPTIONS`.
      target: the application's name, or the SavedModel's folder, or the file.
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
        """The zoo whose labels it has, by its `classes`; ImageNet where they aren't given.

        Answers have those of the images that they are to: empty.
        """
        if self.kind == KIND:
            return ""
        return "demo" if self.options.get("classes") in (10, 11) else "imagenet"

    @property
    def has_gradient(self) -> bool:
        """Whether it can be a source."""
        return self.kind not in _VICTIMS_ONLY

    def find(self, folder: str | Path) -> Path | None:
        """Where its weights are: a file, a SavedModel's folder, FETCHED_BY_KERAS, or None."""
        if self.kind == "saved_model":
            return Path(self.target) if (Path(self.target) / "saved_model.pb").is_file() else None
        if self.kind in (*_LOADERS, KIND):
            return Path(self.target) if Path(self.target).is_file() else None
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
        if self.kind == KIND:
            raise ModelError(f"{self.name} holds answers to PNGs, not a network that gives others")
        if self.kind in _LOADERS:
            return _LOADERS[self.kind](self.name, weights, self.options)
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
    """Reads `KIND:TARGET[?OPTION=VALUE&...]`.

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
