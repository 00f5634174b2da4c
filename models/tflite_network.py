"""TFLite networks, quantised or float, by TensorFlow's interpreter: victims, without gradients."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.classifier import Classifier
from models.input_form import input_form
from models.interpreted import interpreted_classifier
from utils.errors import ModelError, first_line
from utils.quiet import tf


def _interpreter(path: Path) -> Any:
    with warnings.catch_warnings():
        # It announces a package that is to replace it one day.
        warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated.*")
        # From its bytes it is checked first; from a path, a damaged one ends the process.
        return tf.lite.Interpreter(model_content=path.read_bytes())


def load_tflite(name: str, path: Path, options: Mapping[str, Any]) -> Classifier:
    """Makes a classifier of a TFLite file.

    Args:
      name: what to call it.
      path: the file.
      options: those of `input_form`, and `classes`.

    Raises:
      ModelError: the file can't be used.
    """
    try:
        interpreter = _interpreter(path)
        interpreter.allocate_tensors()
    except Exception as error:
        raise ModelError(
            f"{name}: {path} cannot be read as a TFLite model ({first_line(error)})"
        ) from error
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1:
        raise ModelError(f"{name} takes {len(inputs)} inputs, not images alone")
    (taken,) = inputs
    # Open sizes are -1 in the signature and 1 in the shape.
    form = input_form(name, options, [None, *(int(size) for size in taken["shape"][1:])])

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        answers: dict[str, list[np.ndarray]] = {each["name"]: [] for each in outputs}
        # One at a time: not every model can be resized to another batch.
        for image in images:
            interpreter.set_tensor(taken["index"], _quantised(image[None], taken))
            interpreter.invoke()
            for each in outputs:
                answers[each["name"]].append(
                    _dequantised(interpreter.get_tensor(each["index"]), each)
                )
        return {key: np.concatenate(values) for key, values in answers.items()}

    return interpreted_classifier(name, form, run, options.get("classes"))


def _quantised(values: np.ndarray, detail: Mapping[str, Any]) -> np.ndarray:
    """Float values as the tensor holds them."""
    dtype, (scale, zero_point) = detail["dtype"], detail["quantization"]
    if not np.issubdtype(dtype, np.integer):
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values / scale + zero_point), limits.min, limits.max).astype(dtype)


def _dequantised(values: np.ndarray, detail: Mapping[str, Any]) -> np.ndarray:
    """What the tensor holds, as float32."""
    scale, zero_point = detail["quantization"]
    if not np.issubdtype(detail["dtype"], np.integer):
        return values.astype(np.float32)
    return ((values.astype(np.float32) - zero_point) * scale).astype(np.float32)
