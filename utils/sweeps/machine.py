"""How fast this machine is, measured in half a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from utils.quiet import tf

_SECONDS_EACH = 0.25
# Large enough that threads are kept busy.
_SIDE, _CHANNELS, _BATCH, _KERNEL = 28, 128, 16, 3


@dataclass(frozen=True)
class Machine:
    """Two rates of a machine, as it is now and whatever else runs on it.

    Attributes:
      arithmetic: operations a second of a 3 x 3 convolution and of its input's gradient.
      building: graph operations a second that TensorFlow adds: what starting, loading and tracing
        consist of.
    """

    arithmetic: float
    building: float


def measure() -> Machine:
    """Measures the machine on its first device: its GPU where it has one."""
    images = tf.ones([_BATCH, _SIDE, _SIDE, _CHANNELS])
    kernel = tf.ones([_KERNEL, _KERNEL, _CHANNELS, _CHANNELS])

    def convolve() -> int:
        answer = tf.nn.conv2d(images, kernel, 1, "SAME")
        back = tf.nn.conv2d_transpose(answer, kernel, images.shape, 1, "SAME")
        # Read back, since a GPU answers before it is done.
        back[0, 0, 0, 0].numpy()
        return 2 * 2 * _BATCH * _SIDE**2 * _CHANNELS**2 * _KERNEL**2

    def build() -> int:
        with tf.Graph().as_default():
            value = tf.compat.v1.placeholder(tf.float32, [1])
            for _ in range(100):
                value = value + value
        return 100

    return Machine(_rate(convolve), _rate(build))


def _rate(work: Callable[[], int]) -> float:
    work()
    done, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < _SECONDS_EACH:
        done += work()
    return done / (time.perf_counter() - begin)
