"""ONNX networks through onnxruntime: victims, since it gives no gradient."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.classifier import Classifier
from models.input_form import input_form
from models.interpreted import interpreted_classifier
from utils.errors import ModelError, first_line


def load_onnx(name: str, path: Path, options: Mapping[str, Any]) -> Classifier:
    """Makes a classifier of an ONNX file.

    Args:
      name: what to call it.
      path: the file; weights that it keeps elsewhere must lie beside it.
      options: those of `input_form`, and `classes`.

    Raises:
      ModelError: onnxruntime isn't there, or the file can't be used.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            f"{name} needs onnxruntime: pip install -r requirements-onnx.txt"
        ) from error
    settings = onnxruntime.SessionOptions()
    # Errors come as exceptions; the rest it would print.
    settings.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            str(path), settings, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise ModelError(
            f"{name}: {path} cannot be read as an ONNX model ({first_line(error)})"
        ) from error
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        taken = ", ".join(f"{each.name} {each.type}" for each in inputs)
        raise ModelError(f"{name} takes {taken}, not one batch of float32 images")
    # Open sizes have a name instead of a number.
    shape = [size if isinstance(size, int) else None for size in inputs[0].shape]
    form = input_form(name, options, shape)
    outputs = [each.name for each in session.get_outputs()]

    def run_batch(images: np.ndarray) -> list[np.ndarray]:
        return session.run(outputs, {inputs[0].name: images})

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        if shape[0] in (None, len(images)):
            return dict(zip(outputs, run_batch(images), strict=True))
        # Exported for batches of one size: the last is filled up with its first image.
        size, parts = shape[0], []
        for start in range(0, len(images), size):
            batch = images[start : start + size]
            filled = np.concatenate([batch, np.repeat(batch[:1], size - len(batch), axis=0)])
            parts.append([answer[: len(batch)] for answer in run_batch(filled)])
        return {key: np.concatenate(part) for key, *part in zip(outputs, *parts, strict=True)}

    return interpreted_classifier(name, form, run, options.get("classes"))
