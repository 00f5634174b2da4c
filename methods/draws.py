"""Random numbers that depend on the image, the iteration and the copy, and on nothing else.

An image's draws are the same whichever batch it is in and wherever in the run it comes. They are
a hash of a counter, written in plain integer operations, because TensorFlow's own stateless
generators give other numbers under XLA than without it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math

import numpy as np

from utils.quiet import tf

# What a draw is for: one number each, so that no two purposes share a stream.
# In the order they came to be: a purpose's draws hang on its place.
PURPOSES = ("direction", "diversity", "neighbour", "pgn", "walk", "blocks")


def image_key(seed: int, image_id: str) -> np.ndarray:
    """The key of one image in one run, int32 [2], from SHA-256 of the seed and the ImageId."""
    digest = hashlib.sha256(f"{int(seed)}:{image_id}".encode()).digest()
    return np.frombuffer(digest[:8], dtype="<i4").astype(np.int32)


@dataclasses.dataclass(frozen=True)
class Draws:
    """A batch's source of random numbers at one iteration and copy.

    Attributes:
      keys: int32 [N, 2], `image_key` of each image.
      iteration: int or int32 scalar.
      copy: int or int32 scalar, which of an iteration's gradient evaluations this is for.
    """

    keys: tf.Tensor
    iteration: tf.Tensor | int = 0
    copy: tf.Tensor | int = 0

    def uniform(self, purpose: str, shape: list[int]) -> tf.Tensor:
        """Uniform multiples of 2^-24 in [0, 1): float32 [N, *shape]."""
        first, second = tf.split(tf.bitcast(self.keys, tf.uint32), 2, axis=1)
        for word in (PURPOSES.index(purpose), self.iteration, self.copy):
            word = tf.cast(word, tf.uint32)
            first, second = (
                _mix(first + word),
                _mix(tf.bitwise.bitwise_xor(second, _mix(word + first))),
            )
        counter = tf.cast(tf.range(math.prod(shape)), tf.uint32)[tf.newaxis]
        bits = _mix(tf.bitwise.bitwise_xor(_mix(counter + first), second))
        fraction = tf.cast(tf.bitcast(_right(bits, 8), tf.int32), tf.float32) * 2.0**-24
        return tf.reshape(fraction, [-1, *shape])


def _right(bits: tf.Tensor, places: int) -> tf.Tensor:
    return tf.bitwise.right_shift(bits, tf.constant(places, tf.uint32))


def _mix(bits: tf.Tensor) -> tf.Tensor:
    """A bijection of 32 bits in which every input bit flips every output bit about half the time.

    Xor-shift and multiply, twice, as MurmurHash3 ends, with the constants of `lowbias32`.
    """
    bits = tf.bitwise.bitwise_xor(bits, _right(bits, 16)) * tf.constant(0x7FEB352D, tf.uint32)
    bits = tf.bitwise.bitwise_xor(bits, _right(bits, 15)) * tf.constant(0x846CA68B, tf.uint32)
    return tf.bitwise.bitwise_xor(bits, _right(bits, 16))
