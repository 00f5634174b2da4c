"""One step of an attack as the compiler's own program (HLO), to be run where TensorFlow isn't."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from methods import Attack, AttackSettings, parse_method
from models import Classifier
from utils.benchmarks.workload import AttackInputs
from utils.files import write_atomically
from utils.quiet import tf


@dataclass(frozen=True)
class Parameter:
    """One parameter of the program.

    Attributes:
      name: "images", "labels", "keys", or the variable's.
      shape, dtype: of its array.
    """

    name: str
    shape: list[int]
    dtype: str


@dataclass(frozen=True)
class ExportedStep:
    """A step as HLO.

    Attributes:
      text: the module, as HLO text.
      module: the same, as a serialized HloModuleProto.
      parameters: what it takes, in order.
      arrays: the value of each; of images, labels and keys those that it was traced with.
      result: float32 [N, S, S, 3], what TensorFlow computes with these.
    """

    text: str
    module: bytes
    parameters: list[Parameter]
    arrays: list[np.ndarray]
    result: np.ndarray

    def write(self, folder: Path) -> None:
        """Writes step.hlo.txt, step.hlo.pb, step.json and step.npz (p0, p1, ..., result)."""
        folder.mkdir(parents=True, exist_ok=True)
        described = {"parameters": [asdict(each) for each in self.parameters]}
        write_atomically(folder / "step.hlo.txt", self.text.encode())
        write_atomically(folder / "step.hlo.pb", self.module)
        write_atomically(folder / "step.json", (json.dumps(described, indent=1) + "\n").encode())
        named: dict[str, Any] = {f"p{index}": array for index, array in enumerate(self.arrays)}
        content = io.BytesIO()
        np.savez(content, result=self.result, **named)
        write_atomically(folder / "step.npz", content.getvalue())


def export_step(classifier: Classifier, mode: str, inputs: AttackInputs) -> ExportedStep:
    """Compiles FGSM in one mode: a gradient, its direction, the step and the clip.

    Args:
      classifier: the source.
      mode: a direction, such as "sign" or "affine".
      inputs: the batch whose size and side it is compiled for.
    """
    settings = AttackSettings(num_iter=1)
    attack = Attack(parse_method("fgsm"), settings, classifier.logits_and_aux, jit_compile=True)

    @tf.function(autograph=False, jit_compile=True)
    def step(images: tf.Tensor, labels: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        return attack(images, labels, keys, [mode])[mode].images

    own = [tf.constant(each) for each in (inputs.images, inputs.labels, inputs.keys)]
    compiler_ir = step.experimental_get_compiler_ir(*own)
    variables = _captured(step.get_concrete_function(*own))
    names = ["images", "labels", "keys", *(name for name, _ in variables)]
    arrays = [each.numpy() for each in own] + [value for _, value in variables]
    return ExportedStep(
        text=compiler_ir(stage="hlo"),
        module=compiler_ir(stage="hlo_serialized"),
        parameters=[
            Parameter(name, list(array.shape), str(array.dtype))
            for name, array in zip(names, arrays, strict=True)
        ],
        arrays=arrays,
        result=step(*own).numpy(),
    )


def _captured(function: tf.types.experimental.ConcreteFunction) -> list[tuple[str, np.ndarray]]:
    """The arrays that a function takes beside its arguments, in their order."""
    by_handle = {id(each.handle): each for each in function.graph.variables}
    found = []
    for index, captured in enumerate(function.captured_inputs):
        if captured.dtype == tf.resource:
            variable = by_handle[id(captured)]
            found.append((variable.name.partition(":")[0], variable.numpy()))
        else:
            found.append((f"constant_{index}", captured.numpy()))
    return found
