"""Which TensorFlow ops the time of a piece of work goes to."""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from models import load_classifier
from utils.benchmarks.subject import Batch, make_gradient


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
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        for _ in range(calls):
            work()
        tf.profiler.experimental.stop()
        seconds, counts = Counter(), Counter()
        for path in Path(folder).rglob("*.xplane.pb"):
            for op, duration in _events(path):
                seconds[op] += duration
                counts[op] += 1
    total = sum(seconds.values())
    return [
        OpTime(op, counts[op] / calls, taken / calls, taken / total)
        for op, taken in seconds.most_common()
    ]


def gradient_op_times(network: str, checkpoint: Path, batch: Batch, dtype: str) -> list[OpTime]:
    """Profiles the gradient of a network of the zoo, auxiliary loss included."""
    classifier = load_classifier(network, checkpoint, dtype=dtype)
    return op_times(make_gradient(classifier, batch))


def _events(path: Path) -> list[tuple[str, float]]:
    """(type of the op, seconds) of every op in a trace; an op's event is called "name:Type"."""
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    found = []
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name, colon, op = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if colon and op.isidentifier() and not name.endswith(":"):
                    found.append((op, event.duration_ps / 1e12))
    return found
