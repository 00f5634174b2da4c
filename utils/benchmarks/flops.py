"""How many floating-point operations a gradient takes, and how many the machine can do."""

import warnings
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from models import NETWORKS
from models.nets.layers import folded_scope

tf1 = tf.compat.v1


def gradient_flops(network: str) -> float:
    """Operations of one image's gradient: the convolutions' and dense layers', forward and back.

    Each multiply-add counts as two operations, and the gradient with respect to a layer's input
    takes as many as the layer; everything else (biases, ReLU, pools, the update) counts as nothing.

    Args:
      network: a key of NETWORKS.
    """
    row = NETWORKS[network]
    with (
        warnings.catch_warnings(),
        tf.Graph().as_default() as graph,
        folded_scope(),
    ):
        warnings.filterwarnings("ignore", message=".*layer.apply.*", category=UserWarning)
        row.builder(tf1.placeholder(tf.float32, [1, row.side, row.side, 3]), row.num_classes)
    return 2.0 * 2.0 * sum(map(_multiply_adds, graph.get_operations()))


def _multiply_adds(op: tf.Operation) -> int:
    if op.type not in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
        return 0
    kernel, output = op.inputs[1].shape.as_list(), op.outputs[0].shape.as_list()
    # Every output entry sums over the kernel's window and, but for depthwise, its input channels.
    summed = {"Conv2D": kernel[:3], "DepthwiseConv2dNative": kernel[:2], "MatMul": kernel[:1]}
    return int(np.prod(output) * np.prod(summed[op.type]))


def large_matmul(side: int = 2048, dtype: str = "float32") -> tuple[Callable[[], object], float]:
    """A product of two square matrices large enough to reach the machine's rate.

    Returns:
      What to time, and its operations.
    """
    matrix = tf.cast(tf.random.stateless_normal([side, side], [0, 0]), dtype)

    @tf.function
    def product() -> tf.Tensor:
        return tf.matmul(matrix, matrix)

    return lambda: product().numpy(), 2.0 * side**3
