"""One gradient of a network: its operations, how fast they are, and which ops take the time."""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models import NETWORKS, Classifier
from utils.benchmarks.workload import AttackInputs
from utils.quiet import tf


def make_gradient(classifier: Classifier, inputs: AttackInputs) -> Callable[[], np.ndarray]:
    """The gradient of the loss, auxiliary loss included, with respect to the images."""
    images, labels = tf.constant(inputs.images), tf.constant(inputs.labels)

    @tf.function
    def gradient() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            losses = [
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                for logits in classifier.logits_and_aux(images)
                if logits is not None
            ]
            loss = tf.add_n(losses)
        return tape.gradient(loss, images)

    return lambda: gradient().numpy()


def gradient_flops(network: str) -> float:
    """Operations of one image's gradient: the convolutions' and dense layers', forward and back.

    Each multiply-add counts as two operations, and the gradient with respect to a layer's input
    takes as many as the layer; everything else (biases, ReLU, pools, the update) counts as nothing.

    Args:
      network: a key of NETWORKS.
    """
    # It brings TensorFlow, for which a command's first line shall not wait.
    from models.nets.layers import folded_scope

    row = NETWORKS[network]
    with (
        warnings.catch_warnings(),
        tf.Graph().as_default() as graph,
        folded_scope(),
    ):
        warnings.filterwarnings("ignore", message=".*layer.apply.*", category=UserWarning)
        row.builder(
            tf.compat.v1.placeholder(tf.float32, [1, row.side, row.side, 3]), row.num_classes
        )
    return 2.0 * 2.0 * sum(map(_multiply_adds, graph.get_operations()))


def _multiply_adds(op: tf.Operation) -> int:
    if op.type not in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
        return 0
    kernel, output = op.inputs[1].shape.as_list(), op.outputs[0].shape.as_list()
    # Every output entry sums over the kernel's window and, but for depthwise, its input channels.
    summed = {"Conv2D": kernel[:3], "DepthwiseConv2dNative": kernel[:2], "MatMul": kernel[:1]}
    return int(np.prod(output) * np.prod(summed[op.type]))


@dataclass(frozen=True)
class OpTime:
    """What all ops of one type took.

    Attributes:
      op: the type, such as "ReluGrad".
      count: how many ran a call.
      seconds: from begin to end, added up over them, a call; ops that run side by side overlap.
      share: of all ops' seconds.
    """

    op: str
    count: float
    seconds: float
    share: float


def op_times(work: Callable[[], object], calls: int = 3) -> list[OpTime]:
    """Profiles some calls, after one that is not counted; the longest first."""
    work()
    seconds: dict[str, float] = {}
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        for _ in range(calls):
            work()
        tf.profiler.experimental.stop()
        for path in Path(folder).rglob("*.xplane.pb"):
            for op, duration in _events(path):
                seconds[op] = seconds.get(op, 0.0) + duration
                counts[op] += 1
    total = sum(seconds.values())
    return [
        OpTime(op, counts[op] / calls, taken / calls, taken / total)
        for op, taken in sorted(seconds.items(), key=lambda item: -item[1])
    ]


def _events(path: Path) -> list[tuple[str, float]]:
    """(type of the op, seconds) of every op in a trace; an op's event is called "name:Type"."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    found = []
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name, colon, op = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if colon and op.isidentifier() and not name.endswith(":"):
                    found.append((op, event.duration_ps / 1e12))
    return found
