"""What replaces `sign`: from an image's gradient to the direction of its step.

A direction is a pure function (gradient, context) -> d, both float32 [N, S, S, 3]; the step before
projection is alpha * d. Every one of them gives d = 0 for an image whose gradient is zero.
FGNM is Cheng et al., arXiv 2110.12734.
"""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from methods import tensors
from methods.context import Context
from methods.errors import MethodError
from methods.order import kth_smallest
from methods.settings import REFERENCE_ENTRIES

# FGNM_K counts entries below this as if their reciprocal were as small as this.
NEGLIGIBLE = 1e-20


def sign(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """The sign of every entry (Goodfellow et al. 2015, arXiv 1412.6572).

    Example: `python attack.py --method if --mode sign`
    """
    del context
    return tf.sign(gradient)


def affine(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """FGNM_N: the gradient scaled to the length of its sign, zeta = |sign g| / |g|, per image.

    The length of the sign is the root of the number of non-zero entries. Single entries of d may
    exceed 1. Example: `python attack.py --method if --mode affine`
    """
    del context
    scaled = tensors.shrunk(gradient)
    zeta = tf.math.divide_no_nan(tensors.norm2(tf.sign(gradient)), tensors.norm2(scaled))
    return zeta * scaled


def fgnm_k(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """FGNM_K: g / m, where m is the K-th entry when 1 / |g| is sorted descending, from 0.

    Entries below 1e-20 count as a reciprocal of 1e-20, so they sort last; where more than n - K are
    that small, d is next to nothing (the attack reports that share as `zero_share`). K is given for
    268203 entries (official: 200001); other sizes keep K / n.
    Example: `python attack.py --method if --mode test --k 200001`
    """
    size = tf.reshape(tf.abs(gradient), [gradient.shape[0], -1])
    size = tf.where(size < NEGLIGIBLE, 1.0 / NEGLIGIBLE, size)
    index = context.settings.k * size.shape[1] // REFERENCE_ENTRIES
    return gradient / tf.reshape(kth_smallest(size, index), [-1, 1, 1, 1])


def raw(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """The gradient as it is. Example: `python attack.py --method if --mode raw`."""
    del context
    return gradient


def random(gradient: tf.Tensor, context: Context) -> tf.Tensor:
    """Control: the sign of Gaussian noise, drawn anew for each image and iteration.

    That is a fair coin per entry, so a coin is what is drawn. It looks at the gradient only to take
    no step where that is zero throughout, like every direction.
    Example: `python attack.py --method if --mode random`
    """
    noise = context.draws.uniform("direction", list(gradient.shape[1:]))
    coin = tf.where(noise < 0.5, -1.0, 1.0)
    return tf.where(tensors.largest(gradient) > 0, coin, 0.0)


@dataclasses.dataclass(frozen=True)
class Direction:
    """A row of the table of modes.

    Attributes:
      name: the value of `--mode`.
      title: one line for tables and help.
      function: (gradient, context) -> d.
      aliases: other names that `--mode` takes.
    """

    name: str
    title: str
    function: Callable[[tf.Tensor, Context], tf.Tensor]
    aliases: tuple[str, ...] = ()


_TABLE = (
    Direction("sign", "sign(g)", sign),
    Direction("affine", "FGNM_N: g at the length of sign(g)", affine, ("fgnm_n",)),
    Direction("test", "FGNM_K: g over its K-th order statistic", fgnm_k, ("fgnm_k",)),
    Direction("raw", "g itself", raw),
    Direction("random", "control: sign of Gaussian noise", random),
)
MODES: dict[str, Direction] = {row.name: row for row in _TABLE}


def parse_mode(name: str) -> Direction:
    """The row of a mode, by its name or an alias.

    Raises:
      MethodError: the name is unknown; lists the known ones.
    """
    wanted = name.strip().lower()
    for row in MODES.values():
        if wanted == row.name or wanted in row.aliases:
            return row
    known = ", ".join(" = ".join((row.name, *row.aliases)) for row in MODES.values())
    raise MethodError(f"--mode {name!r} is unknown; the modes are {known}.")
