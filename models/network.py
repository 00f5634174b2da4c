"""What the zoo knows about each network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from models.classifier import label_offset
from utils.quiet import tf

NORMALLY = "normally"
ADVERSARIALLY = "adversarially"
ENSEMBLE_ADVERSARIALLY = "ensemble adversarially"

Builder: TypeAlias = "Callable[[tf.Tensor, int], tuple[tf.Tensor, tf.Tensor | None]]"


@dataclass(frozen=True)
class Network:
    """One row of the zoo.

    Attributes:
      name: what users call it.
      family: the architecture, for people.
      builder: (images, num_classes) -> (logits, auxiliary logits or None), under `scope`.
      scope: the variable scope that the builder opens; a checkpoint may have another one.
      side: pixels of its input.
      preprocessing: a name in models/preprocessing.py.
      num_classes: columns of its logits.
      batch_norm_epsilon: what the network adds to the variance.
      batch_norm_gamma: whether its checkpoint must hold a gamma; else 1, unless there is one.
      trained: "normally", "adversarially" or "ensemble adversarially".
      zoo: "imagenet" or "demo".
      files: names its checkpoint may have; none stands for NAME.ckpt and NAME_rename.ckpt.
      clean_accuracy: published, in percent, on the 1000 development images; None if unknown.
      largest_side: images from `side` to this many pixels are fed as they are; 0 stands for `side`.
      tarball: what the files are published in; None where there is no public direct link.
      elsewhere: who publishes them where there is none.
    """

    name: str
    family: str
    builder: Builder
    scope: str
    side: int
    preprocessing: str = "inception"
    num_classes: int = 1001
    batch_norm_epsilon: float = 1e-3
    batch_norm_gamma: bool = True
    trained: str = NORMALLY
    zoo: str = "imagenet"
    files: tuple[str, ...] = ()
    clean_accuracy: float | None = None
    largest_side: int = 0
    tarball: str | None = None
    elsewhere: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "largest_side", max(self.side, self.largest_side))
        if not self.files:
            object.__setattr__(self, "files", (f"{self.name}.ckpt", f"{self.name}_rename.ckpt"))

    @property
    def has_gradient(self) -> bool:
        """Whether it can be a source: every one of the zoo can."""
        return True

    @property
    def label_offset(self) -> int:
        """What turns a column of its logits into the label as in the CSV: column + label_offset."""
        return label_offset(self.name, self.num_classes)
