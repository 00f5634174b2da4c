"""Any SavedModel that maps images to logits or probabilities, as a classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.classifier import Classifier, label_offset
from models.input_form import DEFAULT_SIDE
from models.outputs import are_probabilities, as_logits, class_output, probe_images
from utils.errors import ModelError, first_line
from utils.quiet import tf

SIGNATURE = "serving_default"


def load_saved_model(
    name: str,
    folder: Path,
    side: int | None,
    classes: int | None,
    limits: tuple[float, float],
) -> Classifier:
    """Makes a classifier of the signature `serving_default` of a SavedModel.

    Probabilities are recognised (rows of non-negative numbers that sum to 1 for two test images)
    and their logarithms taken as logits, which gives the same cross-entropy.

    Args:
      name: what to call it.
      folder: holds saved_model.pb; refused where it holds more than computation.
      side: pixels of its input; None for what its signature says, or 224 where it leaves that open.
      classes: which output to take where there are several, and what to hold it to.
      limits: the range of values that it takes.

    Raises:
      ModelError: it cannot be loaded or is no classifier of images in one float32 batch.
    """
    # It takes TensorFlow's protocol buffers, which bring all of it.
    from models.saved_graph import refuse_reaching_graph

    refuse_reaching_graph(name, folder)
    try:
        loaded = tf.saved_model.load(str(folder))
        signature = loaded.signatures[SIGNATURE]
    except Exception as error:
        raise ModelError(
            f"{name}: {folder} cannot be loaded as a SavedModel with a signature {SIGNATURE} "
            f"({first_line(error)})"
        ) from error
    key, spec = _image_input(name, signature)
    side = _side(name, spec, side)
    low, high = limits

    def run(images: tf.Tensor, kept: Any = loaded) -> dict[str, tf.Tensor]:
        # The variables live as long as what was loaded does, and the signature does not keep it.
        return signature(**{key: (images + 1.0) * ((high - low) / 2.0) + low})

    try:
        answers = run(tf.constant(probe_images(side)))
    except Exception as error:
        raise ModelError(
            f"{name}: it cannot run on 2 images of side {side} ({first_line(error)})"
        ) from error
    shapes = {key: tuple(answer.shape) for key, answer in answers.items()}
    output = class_output(name, shapes, classes)
    answer = answers[output].numpy()
    probabilities = are_probabilities(answer)

    def forward(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        scores = tf.cast(run(images)[output], tf.float32)
        scores = as_logits(scores) if probabilities else scores
        return tf.ensure_shape(scores, [None, answer.shape[1]]), None

    return Classifier(
        name=name,
        side=side,
        largest_side=side,
        num_classes=answer.shape[1],
        label_offset=label_offset(name, answer.shape[1]),
        forward=forward,
    )


def _image_input(name: str, signature: Any) -> tuple[str, tf.TensorSpec]:
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
        raise ModelError(
            f"{name} takes {len(inputs)} inputs ({', '.join(inputs)}), not images alone"
        )
    key, spec = next(iter(inputs.items()))
    shape = spec.shape
    if (
        spec.dtype != tf.float32
        or (shape.rank or 4) != 4
        or (shape.rank and shape[3] not in (3, None))
    ):
        raise ModelError(f"{name} takes {spec.dtype.name} {shape}, not float32 [N, S, S, 3]")
    if shape.rank and shape[0] is not None:
        raise ModelError(f"{name} takes batches of {shape[0]} only: export it for any batch size")
    return key, spec


def _side(name: str, spec: tf.TensorSpec, asked: int | None) -> int:
    height, width = spec.shape[1:3] if spec.shape.rank else (None, None)
    known = {pixels for pixels in (height, width, asked) if pixels is not None}
    if len(known) > 1:
        raise ModelError(f"{name} takes images of {height} x {width} pixels, not of side {asked}")
    return known.pop() if known else DEFAULT_SIDE
