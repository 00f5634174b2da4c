"""Builds a network in folded form: to know its variables, or to run it with a checkpoint's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.checkpoints import Checkpoint
from models.classifier import Forward
from models.folding import fold
from models.network import Network
from utils.errors import ModelError
from utils.quiet import tf


def _start_at_zero(getter: Callable, *args: object, **kwargs: object) -> tf.Variable:
    # Every variable is assigned afterwards: drawing random ones first would only take time.
    kwargs.update(initializer=tf.compat.v1.zeros_initializer(), trainable=False, regularizer=None)
    return getter(*args, **kwargs)


@contextmanager
def _building() -> Iterator[None]:
    # It brings tf_slim, which brings TensorFlow.
    from models.nets.layers import folded_scope

    with (
        warnings.catch_warnings(),
        folded_scope(),
        tf.compat.v1.variable_scope(
            tf.compat.v1.get_variable_scope(), custom_getter=_start_at_zero
        ),
    ):
        # slim's layers call Keras's `apply`, which works and is what they have.
        warnings.filterwarnings("ignore", message=".*layer.apply.*", category=UserWarning)
        yield


def _input_spec(network: Network, dtype: tf.DType) -> tf.TensorSpec:
    side = network.side if network.largest_side == network.side else None
    return tf.TensorSpec([None, side, side, 3], dtype)


def _shapes(variables: list[tf.Variable]) -> dict[str, list[int]]:
    return {variable.name.removesuffix(":0"): variable.shape.as_list() for variable in variables}


_SHAPES: dict[tuple, dict[str, list[int]]] = {}


def folded_shapes(network: Network) -> dict[str, list[int]]:
    """The folded network's variables and shapes, from a graph that is thrown away.

    Rows that share a builder and a number of classes are built once.
    """
    form = network.builder, network.num_classes
    if form not in _SHAPES:
        with tf.Graph().as_default(), _building():
            spec = _input_spec(network, tf.float32)
            network.builder(tf.compat.v1.placeholder(spec.dtype, spec.shape), network.num_classes)
            _SHAPES[form] = _shapes(tf.compat.v1.global_variables())
    return dict(_SHAPES[form])


def load_network(network: Network, prefix: str | Path, dtype: str = "float32") -> Forward:
    """Builds a network in folded form and fills it from a checkpoint.

    Args:
      network: its row.
      prefix: the checkpoint, a V1 file or a V2 bundle's prefix.
      dtype: "float32", or "bfloat16" for weights and activations.

    Returns:
      A function from preprocessed float32 [N, S, S, 3] to float32 logits [N, C] and auxiliary
      logits [N, C] or None, differentiable, also inside a tf.function.

    Raises:
      ModelError: the checkpoint does not fit or is damaged; names the file and the variable.
    """
    checkpoint = Checkpoint(prefix)

    def build(images: tf.Tensor) -> list[tf.Tensor]:
        with _building():
            return [x for x in network.builder(images, network.num_classes) if x is not None]

    function = tf.compat.v1.wrap_function(build, [_input_spec(network, tf.as_dtype(dtype))])
    variables = {variable.name.removesuffix(":0"): variable for variable in function.variables}
    tensors = checkpoint.read(_shapes(function.variables), network)
    try:
        for name, value in fold(variables, tensors, network.batch_norm_epsilon):
            variables[name].assign(tf.cast(value, dtype))
    except ModelError as error:
        raise ModelError(f"{prefix}: {error}") from error

    def forward(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        outputs = [tf.cast(x, tf.float32) for x in function(tf.cast(images, dtype))]
        return outputs[0], outputs[1] if len(outputs) == 2 else None

    return forward
