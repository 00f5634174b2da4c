"""A network's builder by name, so that the zoo's table can be read without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from utils.quiet import import_tensorflow, tf


@dataclass(frozen=True)
class Form:
    """A builder of models/nets that is imported when it is first called.

    Attributes:
      module: the file in models/nets.
      function: the builder in it; "" stands for the module's name.
    """

    module: str
    function: str = ""

    def __call__(
        self, images: tf.Tensor, num_classes: int, **options: Any
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Builds the network; see models/nets for what goes in and comes out."""
        import_tensorflow()
        module = import_module(f"models.nets.{self.module}")
        return getattr(module, self.function or self.module)(images, num_classes, **options)
