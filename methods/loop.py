"""The one loop: every method and every direction runs here, a batch at a time, in one tf.function.

look-ahead -> copies -> view -> source -> loss -> gradient
  -> + variance -> smoothing -> momentum -> direction -> step -> projection
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from methods import tensors
from methods.ball import make_ball
from methods.context import Context
from methods.directions import NEGLIGIBLE, Direction, parse_mode
from methods.draws import Draws
from methods.losses import objective
from methods.registry import Method
from methods.settings import AttackSettings

Source = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor | None]]


class Crafted(NamedTuple):
    """What an attack made of a batch.

    Attributes:
      images: float32 [N, S, S, 3] in [-1, 1], within the ball.
      cosine: float32 [N, iterations], between the step taken (after projection) and the source's
        gradient at that iteration (before variance, smoothing and momentum), 0 where either is 0.
      finite: bool [N]; where false, a gradient was not finite and was taken as zero.
      zero_share: float32 [N], share of the first gradient's entries below 1e-20.
    """

    images: tf.Tensor
    cosine: tf.Tensor
    finite: tf.Tensor
    zero_share: tf.Tensor


class Attack:
    """A method on a source.

    Args:
      method: from `parse_method`.
      settings: the attack's numbers.
      source: float32 [N, S, S, 3] in [-1, 1] -> (logits [N, C], auxiliary logits [N, C] or None),
        differentiable, each image on its own.
      jit_compile: compile the loop with XLA.
    """

    def __init__(
        self, method: Method, settings: AttackSettings, source: Source, jit_compile: bool = False
    ) -> None:
        self.method = method
        self.settings = settings
        self.num_iter = method.iterations(settings.num_iter)
        self._source = source
        self._compiled = {"autograph": False, "jit_compile": jit_compile or None}
        self._static_shapes = jit_compile
        self._first = tf.function(self._first_gradient, **self._compiled)
        self._programs: dict[str, Callable] = {}

    def __call__(
        self,
        images: np.ndarray | tf.Tensor,
        labels: np.ndarray | tf.Tensor,
        keys: np.ndarray | tf.Tensor,
        modes: Sequence[str],
    ) -> dict[str, Crafted]:
        """Attacks a batch once per mode; the first gradient is computed once for all of them.

        A new batch size or side traces the loop anew: pad the last batch.

        Args:
          images: float32 [N, S, S, 3] in [-1, 1].
          labels: int32 [N], columns of the logits to leave (or to approach when targeted).
          keys: int32 [N, 2], `image_key` of each image.
          modes: names or aliases of directions.

        Returns:
          By canonical name of the mode, in the order asked for.

        Raises:
          MethodError: a mode is unknown.
        """
        directions = [parse_mode(mode) for mode in modes]
        images = tf.convert_to_tensor(images, tf.float32)
        labels = tf.cast(tf.convert_to_tensor(labels), tf.int32)
        keys = tf.cast(tf.convert_to_tensor(keys), tf.int32)
        first = self._first(images, labels, keys)
        return {
            row.name: Crafted(*self._program(row)(images, labels, keys, first))
            for row in directions
        }

    def trace_count(self) -> int:
        """How many times a loop was traced, over all modes; one a mode unless shapes changed."""
        programs = self._programs.values()
        return sum(program.experimental_get_tracing_count() for program in programs)

    def _program(self, direction: Direction) -> Callable:
        if direction.name not in self._programs:

            def craft(*batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
                return self._craft(direction, *batch)

            self._programs[direction.name] = tf.function(craft, **self._compiled)
        return self._programs[direction.name]

    def _context(self, images: tf.Tensor, keys: tf.Tensor) -> Context:
        ball = make_ball(images, self.settings, self.num_iter, 1.0)
        return Context(self.settings, images, ball, Draws(keys), self._static_shapes)

    def _gradient(self, point: tf.Tensor, labels: tf.Tensor, context: Context) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(point)
            value = objective(*self._source(point), labels, self.settings)
        return tape.gradient(value, point)

    def _first_gradient(self, images: tf.Tensor, labels: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        return self._gradient(images, labels, self._context(images, keys))

    def _craft(
        self,
        direction: Direction,
        clean: tf.Tensor,
        labels: tf.Tensor,
        keys: tf.Tensor,
        first: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        context = self._context(clean, keys)
        accumulate = self.method.only("momentum")
        batch = clean.shape[0]

        def advance(step, images, memory, finite, cosines, gradient):  # noqa: ANN001, ANN202
            here = context.at(images=images, draws=context.draws.at(iteration=step))
            usable = tensors.all_finite(gradient)
            gradient = tensors.only_where(usable, gradient)
            if accumulate is not None:
                memory = accumulate(gradient, memory, here)
            wanted = direction.function(memory if accumulate is not None else gradient, here)
            moved = here.ball.project(images + here.ball.stride(wanted))
            taken = tensors.cosine(
                moved - images, -gradient if self.settings.targeted else gradient
            )
            cosines = cosines.write(step, taken)
            return step + 1, moved, memory, finite & usable, cosines

        def body(step, images, memory, finite, cosines):  # noqa: ANN001, ANN202
            gradient = self._gradient(images, labels, context)
            return advance(step, images, memory, finite, cosines, gradient)

        memory = tf.zeros_like(clean) if accumulate is not None else tf.zeros([])
        cosines = tf.TensorArray(tf.float32, self.num_iter, element_shape=[batch])
        state = advance(0, clean, memory, tf.ones([batch], tf.bool), cosines, first)
        if self.num_iter > 1:
            state = tf.while_loop(
                lambda step, *_: step < self.num_iter,
                body,
                (tf.constant(1), *state[1:]),
                parallel_iterations=1,
            )
        _, images, _, finite, cosines = state
        negligible = tf.cast(tf.abs(first) < NEGLIGIBLE, tf.float32)
        return (
            images,
            tf.transpose(cosines.stack()),
            finite,
            tf.reduce_mean(negligible, [1, 2, 3]),
        )
