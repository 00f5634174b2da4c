"""Where the adversarial image may be, and how long a step is.

A ball is made for one batch. Its `step_length` is alpha (times Patch-wise's amplification); its
other numbers are in units of images in [-1, 1]. `epsilon` and `step_length` are Python floats or,
in a trace, float64 scalars.
"""

from __future__ import annotations

import dataclasses
import math

from methods import tensors
from methods.inputs import Inputs
from methods.order import least_float
from methods.settings import AttackSettings
from utils.quiet import tf

# Longer strides end in the same corner; this keeps infinities out of sums and norms.
_LONGEST = 1e30
# A unit vector times this leads to the edge of any ball in all but its least entries.
_FARTHEST = 1e18
# Relative error of a squared length at which a search for it ends.
_CLOSE = 2e-5


@dataclasses.dataclass(frozen=True)
class LinfBall:
    """All images within `epsilon` of the clean ones per entry, and in [-1, 1].

    Attributes:
      clean: float32 [N, S, S, 3].
      epsilon: largest entry of a perturbation.
      step_length: alpha.
      bounds: the lowest and the highest value of each entry.
    """

    clean: tf.Tensor
    epsilon: tf.Tensor | float
    step_length: tf.Tensor | float
    bounds: tuple[tf.Tensor, tf.Tensor] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Made once, outside the loop.
        epsilon = tensors.single(self.epsilon)
        lower = tf.maximum(self.clean - epsilon, -1.0)
        upper = tf.minimum(self.clean + epsilon, 1.0)
        object.__setattr__(self, "bounds", (lower, upper))

    @property
    def per_entry(self) -> float:
        """A length in this ball times this is the length of one entry: 1."""
        return 1.0

    def stride(self, direction: tf.Tensor, factor: tf.Tensor | float = 1.0) -> tf.Tensor:
        """The step before projection: alpha * factor * d, float32 [N, S, S, 3]."""
        return tensors.single(self.step_length) * factor * direction

    def steepest(self, gradient: tf.Tensor) -> tf.Tensor:
        """The step of the ball's own length that climbs most: alpha * sign."""
        return tensors.single(self.step_length) * tf.sign(gradient)

    def project(self, images: tf.Tensor) -> tf.Tensor:
        """clip(images, max(x0 - eps, -1), min(x0 + eps, 1))."""
        return tf.clip_by_value(images, *self.bounds)

    def scale_to_reach(self, images: tf.Tensor, along: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
        """The scale for which norm2(project(images + scale * along) - images) is `wanted`.

        The squared length, sum(min(scale^2 * along^2, room^2)), is concave in scale^2, so secants
        from zero close in on the root from below and never pass it: 1 to 9 evaluations of three
        cheap operations in trials, 30 at most (bisection would always take 26).

        Args:
          images: float32 [N, S, S, 3], in the ball.
          along: float32 [N, S, S, 3] of norm 1 (or 0) per image.
          wanted: float32 [N].

        Returns:
          float32 [N]; where no scale is long enough, one that is large.
        """
        lower, upper = self.bounds
        room = tf.square(tf.where(along > 0, upper - images, images - lower))
        slope, target = tf.square(along), tf.square(wanted)

        def missing(square: tf.Tensor) -> tf.Tensor:
            reached = tf.minimum(tf.reshape(square, [-1, 1, 1, 1]) * slope, room)
            return target - tf.reduce_sum(reached, [1, 2, 3])

        def is_open(gap: tf.Tensor) -> tf.Tensor:
            return gap > _CLOSE * target

        def secant(
            number: tf.Tensor,
            before: tf.Tensor,
            now: tf.Tensor,
            gap_before: tf.Tensor,
            gap: tf.Tensor,
        ) -> tuple[tf.Tensor, ...]:
            step = tf.math.divide_no_nan(gap * (now - before), gap_before - gap)
            # An image that has arrived stays, however long others take.
            moving = is_open(gap) & (now + step < _LONGEST)
            after = tf.where(moving, now + step, now)
            return number + 1, now, after, gap, tf.where(moving, missing(after), gap)

        # Unclipped, the norm of along being 1, the scale itself is the length.
        start = (tf.constant(1), tf.zeros_like(target), target, target, missing(target))
        *_, square, _, _ = tf.while_loop(
            lambda number, before, now, gap_before, gap: (
                (number < 30) & tf.reduce_any(is_open(gap))
            ),
            secant,
            start,
            parallel_iterations=1,
        )
        return tf.sqrt(square)

    def excess(self, perturbation: tf.Tensor) -> tf.Tensor:
        """What a perturbation has too much: clip(abs(a) - eps, 0) * sign(a)."""
        epsilon = tensors.single(self.epsilon)
        return perturbation - tf.clip_by_value(perturbation, -epsilon, epsilon)


@dataclasses.dataclass(frozen=True)
class L2Ball:
    """All images within `epsilon` of the clean ones in Euclidean norm, and in [-1, 1]."""

    clean: tf.Tensor
    epsilon: tf.Tensor | float
    step_length: tf.Tensor | float

    @property
    def per_entry(self) -> float:
        """A length in this ball times this is the root mean square of an entry: 1 / sqrt(n)."""
        return 1.0 / math.sqrt(math.prod(self.clean.shape[1:]))

    def stride(self, direction: tf.Tensor, factor: tf.Tensor | float = 1.0) -> tf.Tensor:
        """The step before projection: alpha along factor * d, float32 [N, S, S, 3]."""
        direction = tf.clip_by_value(factor * direction, -_LONGEST, _LONGEST)
        return tensors.single(self.step_length) * tensors.unit(direction)

    steepest = stride

    def project(self, images: tf.Tensor) -> tf.Tensor:
        """First onto the ball, then into [-1, 1], which only brings it closer to `clean`."""
        perturbation = images - self.clean
        return tf.clip_by_value(self.clean + self._kept(perturbation) * perturbation, -1.0, 1.0)

    def scale_to_reach(self, images: tf.Tensor, along: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
        """As `LinfBall.scale_to_reach`, by bisection, since projection bends the path."""

        def far_enough(scale: tf.Tensor) -> tf.Tensor:
            moved = self.project(images + tf.reshape(scale, [-1, 1, 1, 1]) * along)
            return tf.reshape(tensors.norm2(moved - images), [-1]) >= wanted

        # Projection only shortens, so the scale is at least `wanted`.
        return least_float(far_enough, wanted, tf.maximum(wanted, _FARTHEST), passes=26)

    def excess(self, perturbation: tf.Tensor) -> tf.Tensor:
        """What a perturbation has too much, along itself."""
        return (1.0 - self._kept(perturbation)) * perturbation

    def _kept(self, perturbation: tf.Tensor) -> tf.Tensor:
        """The factor, at most 1, that brings a perturbation into the ball: [N, 1, 1, 1]."""
        largest = tensors.largest(perturbation)
        length = largest * tensors.norm2(tf.math.divide_no_nan(perturbation, largest))
        epsilon = tensors.single(self.epsilon)
        return tf.where(length > epsilon, tf.math.divide_no_nan(epsilon, length), 1.0)


Ball = LinfBall | L2Ball


def make_ball(
    clean: tf.Tensor,
    settings: AttackSettings | Inputs,
    num_iter: tf.Tensor | int,
    factor: tf.Tensor | float,
) -> Ball:
    """The ball of a batch.

    Args:
      clean: float32 [N, S, S, 3] in [-1, 1].
      settings: `bound` and `step_size` count.
      num_iter: iterations of the method; where no `step_size` is given, alpha = eps / num_iter.
      factor: what the method multiplies alpha with (1, or Patch-wise's amplification).
    """
    epsilon = settings.bound.in_images
    kind = L2Ball if settings.bound.norm == "l2" else LinfBall
    if settings.step_size is not None:
        return kind(clean, epsilon, factor * settings.step_size / 127.5)
    if tf.is_tensor(num_iter):
        num_iter = tf.cast(num_iter, tf.float64)
    return kind(clean, epsilon, factor * epsilon / num_iter)
