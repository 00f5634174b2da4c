"""Searches over all entries of an image, in few passes: a pass costs as much as a direction."""

from __future__ import annotations

from collections.abc import Callable

from utils.quiet import tf

# Entries of the sample that narrows the search; a row of no more than twice this is just sorted.
_SAMPLE = 2048


def least_float(
    holds: Callable[[tf.Tensor], tf.Tensor], low: tf.Tensor, high: tf.Tensor, passes: int
) -> tf.Tensor:
    """The least float32 in [low, high] for which a monotone condition holds, by bisection.

    Non-negative floats are ordered as their bit patterns are, so it halves those: 31 passes end at
    the very float, from 0 to the largest; p passes fewer leave the last p bits open.

    Args:
      holds: float32 [N] -> bool [N]; false below some value, true from there on.
      low: float32 [N], not negative.
      high: float32 [N]; returned where the condition holds nowhere.
      passes: how often `holds` is evaluated.

    Returns:
      float32 [N], for which the condition holds (or `high`).
    """

    def halve(
        index: tf.Tensor, below: tf.Tensor, above: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        middle = below + (above - below) // 2
        found = holds(tf.bitcast(middle, tf.float32))
        below = tf.where(found, below, tf.minimum(middle + 1, above))
        return index + 1, below, tf.where(found, middle, above)

    bounds = (tf.bitcast(low, tf.int32), tf.bitcast(high, tf.int32))
    *_, above = tf.while_loop(
        lambda index, *_: index < passes, halve, (0, *bounds), parallel_iterations=1
    )
    return tf.bitcast(above, tf.float32)


def kth_smallest(values: tf.Tensor, index: int) -> tf.Tensor:
    """The entry at `index` (from 0) when each row is sorted ascending; exact.

    A sorted sample brackets it; interpolating between the counts of entries up to either end closes
    in on it, with a bisection of the bit patterns at every third pass, so that ties and outliers
    cost time but never the result. For 268203 entries about ten counts replace a sort.

    Args:
      values: float32 [N, n], finite and not negative; n at most 2^24.
      index: 0 <= index < n.

    Returns:
      float32 [N].
    """
    entries = values.shape[1]
    stride = max(1, entries // _SAMPLE)
    sample = tf.sort(values[:, ::stride], axis=1)
    if stride == 1:
        return sample[:, index]

    def count(bits: tf.Tensor) -> tf.Tensor:
        # Counted in float32, exact up to 2^24 and faster than in integers.
        bound = tf.bitcast(bits, tf.float32)[:, tf.newaxis]
        return tf.reduce_sum(tf.cast(values <= bound, tf.float32), axis=1)

    def found(low: tf.Tensor, high: tf.Tensor, upto: tf.Tensor) -> tf.Tensor:
        return (high - low <= 1) | (upto == index + 1)

    def search(
        number: tf.Tensor, low: tf.Tensor, high: tf.Tensor, below: tf.Tensor, upto: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        room = high - low
        share = (index + 0.5 - below) / (upto - below)
        share = tf.where(number % 3 == 2, 0.5, share)
        guess = low + tf.cast(share * tf.cast(room, tf.float32), tf.int32)
        guess = tf.clip_by_value(guess, low + 1, tf.maximum(low + 1, high - 1))
        counted = count(guess)
        open_ = ~found(low, high, upto)  # a row that is done stays, whatever the others need
        up, down = open_ & (counted <= index), open_ & (counted > index)
        return (
            number + 1,
            tf.where(up, guess, low),
            tf.where(down, guess, high),
            tf.where(up, counted, below),
            tf.where(down, counted, upto),
        )

    _, _, high, _, _ = tf.while_loop(
        lambda _, low, high, below, upto: ~tf.reduce_all(found(low, high, upto)),
        search,
        (tf.constant(0), *_bracket(sample, entries, index, count)),
        parallel_iterations=1,
    )
    bound = tf.bitcast(high, tf.float32)[:, tf.newaxis]
    return tf.reduce_max(tf.where(values <= bound, values, 0.0), axis=1)


def _bracket(
    sample: tf.Tensor, entries: int, index: int, count: Callable[[tf.Tensor], tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Bit patterns that bracket the entry at `index`, and how many entries there are up to each.

    They are four standard deviations of the sample's rank to either side; where the entry is
    outside, what is left beyond that end. -1 stands for below zero.
    """
    rows, size = sample.shape
    centre = size * index / entries
    margin = 4.0 * (centre * (1.0 - index / entries)) ** 0.5 + 1.0
    bits = tf.bitcast(sample, tf.int32)
    low = bits[:, max(0, int(centre - margin))]
    high = bits[:, min(size - 1, int(centre + margin) + 1)]
    below, upto = count(low), count(high)
    too_high, too_low = below > index, upto <= index
    nothing, top = tf.fill([rows], -1), tf.bitcast(tf.fill([rows], tf.float32.max), tf.int32)
    return (
        tf.where(too_high, nothing, tf.where(too_low, high, low)),
        tf.where(too_high, low, tf.where(too_low, top, high)),
        tf.where(too_high, 0.0, tf.where(too_low, upto, below)),
        tf.where(too_high, below, tf.where(too_low, float(entries), upto)),
    )
