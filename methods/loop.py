"""The one loop: every method and every direction runs here, a batch at a time, in one tf.function.

look-ahead -> sampling -> copies -> view -> source -> loss -> gradient
  -> + variance -> smoothing -> momentum -> direction -> step -> projection
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from methods import tensors
from methods.ball import make_ball
from methods.context import Context
from methods.directions import NEGLIGIBLE, Direction, parse_mode
from methods.draws import Draws
from methods.inputs import Inputs, trace_key, values_of
from methods.losses import objective
from methods.registry import Method
from methods.settings import AttackSettings
from utils.quiet import tf

Source: TypeAlias = "Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor | None]]"

# How many images go through the source at once where a batch has fewer: a network reads all its
# weights once a batch, so twice the images take less than twice the time. More would gain little,
# and take the memory of a batch that the user did not ask for.
_SOURCE_BATCH = 16
# Images are in [-1, 1]; a gradient that is not finite this far away is no fault of the source.
_FAR = 1e4


def group_modes(modes: Sequence[str], batch_size: int) -> list[tuple[str, ...]]:
    """The modes, in their order, in the groups whose images an attack stacks for the source.

    A batch of up to 8 images is filled up with those of other modes. Rounding in the source depends
    on how many images it sees at once, so whoever wants the same bytes again must ask for whole
    groups.
    """
    count = max(1, _SOURCE_BATCH // batch_size)
    return [tuple(modes[i : i + count]) for i in range(0, len(modes), count)]


class Crafted(NamedTuple):
    """What an attack made of a batch.

    Attributes:
      images: float32 [N, S, S, 3] in [-1, 1], within the ball.
      cosine: float32 [N, iterations], between the step taken (after projection) and the source's
        gradient at that iteration (after sampling, before variance, smoothing and momentum), 0
        where either is 0.
      finite: bool [N]; where false, a gradient was not finite and was taken as zero.
      overflowed: bool [N]; where true, what the method made of finite gradients was not finite, or
        took the gradient too far away from all images; the image stayed where it was.
      zero_share: float32 [N], share of the first gradient's entries below 1e-20.
      snapshots: float32 [N, number of snapshots, S, S, 3], the images after these iterations;
        [N, 0] where none were asked for.
    """

    images: tf.Tensor
    cosine: tf.Tensor
    finite: tf.Tensor
    overflowed: tf.Tensor
    zero_share: tf.Tensor
    snapshots: tf.Tensor


class Evaluation(NamedTuple):
    """What the source says at a point; a scalar stands for what the method does not need.

    Attributes:
      gradient: float32 [N, S, S, 3], of the mean loss over the copies; the mean of such gradients
        where the method samples points.
      variance: what the next gradient is corrected by.
    """

    gradient: tf.Tensor
    variance: tf.Tensor


class State(NamedTuple):
    """What the loop carries; a scalar stands for what the method does not need.

    Attributes:
      images: the adversarial images so far.
      momentum: the accumulated gradient.
      variance: what the next gradient is corrected by.
      memory: the step's own memory.
      finite: bool [N], whether all gradients were finite so far.
      overflowed: bool [N], whether the method's own numbers were not, once.
      cosines: TensorArray, one float32 [N] an iteration.
      snapshots: the images after the iterations asked for, as far as these are reached.
    """

    images: tf.Tensor
    momentum: tf.Tensor
    variance: tf.Tensor
    memory: tf.Tensor
    finite: tf.Tensor
    overflowed: tf.Tensor
    cosines: tf.TensorArray
    snapshots: tuple[tf.Tensor, ...]


# Stages that come after the first gradient, or do not look at the ball: whatever else a letter of
# the method fills, its first gradient may depend on the bound.
_FREE_OF_THE_BOUND = {"view", "copies", "num_copies", "smoothing", "momentum", "look_ahead"} | {
    *("step", "amplification", "title", "factor", "flags", "single_step")
}

_AFTER_THE_GRADIENT = {
    *("max_epsilon", "max_l2", "norm", "num_iter", "step_size", "momentum", "k", "pi_factor"),
    "rescale_form",
}


class Attack:
    """A method on a source.

    Args:
      method: from `parse_method`.
      settings: the attack's numbers.
      source: float32 [N, S, S, 3] in [-1, 1] -> (logits [N, C], auxiliary logits [N, C] or None),
        differentiable, each image on its own.
      jit_compile: compile the loop with XLA.
      snapshots: iterations, from 1, after which the images are kept, too.
      tick: called after each gradient of the source with how many images it was of; not where the
        loop is compiled, since XLA calls no Python.
    """

    def __init__(
        self,
        method: Method,
        settings: AttackSettings,
        source: Source,
        jit_compile: bool = False,
        snapshots: Sequence[int] = (),
        tick: Callable[[int], None] | None = None,
    ) -> None:
        self._snapshots = tuple(snapshots)
        self.method = method
        self.settings = settings
        self._source = source
        self._compiled = {"autograph": False, "jit_compile": jit_compile or None}
        self._static_shapes = jit_compile
        self._tick = None if jit_compile else tick
        self._first = tf.function(self._first_evaluation, **self._compiled)
        self._programs: dict[tuple[str, ...], Callable] = {}

    def with_settings(self, settings: AttackSettings) -> Attack:
        """Returns the attack with other numbers, which shares all traces.

        Raises:
          ValueError: numbers differ that are no inputs of a trace (see `trace_key`).
        """
        if self.trace_key(settings) != self.trace_key(self.settings):
            raise ValueError("these settings need a trace of their own")
        other = copy.copy(self)
        other.settings = settings
        return other

    def trace_key(self, settings: AttackSettings) -> tuple[Any, ...]:
        """Returns what settings agree in exactly if one trace serves both."""
        return trace_key(settings, self._static_shapes)

    def first_gradient_key(self) -> tuple[Any, ...] | None:
        """Returns what the first gradient of a batch depends on beside the source and the batch.

        Attacks with equal keys have the same one, whatever their methods; None: it is this
        attack's alone.
        """
        parts = self.method.parts()
        for part in parts:
            if {name for name, value in vars(part).items() if value} - _FREE_OF_THE_BOUND:
                return None
        seen = [(part.view, part.copies) for part in parts if part.view or part.copies]
        numbers = vars(self.settings).items()
        return *seen, *(item for item in numbers if item[0] not in _AFTER_THE_GRADIENT)

    def first(
        self,
        images: np.ndarray | tf.Tensor,
        labels: np.ndarray | tf.Tensor,
        keys: np.ndarray | tf.Tensor,
    ) -> Evaluation:
        """Returns what the source says of the clean images; arguments as of a call."""
        return self._first(*_tensors(images, labels, keys), self._values())

    def __call__(
        self,
        images: np.ndarray | tf.Tensor,
        labels: np.ndarray | tf.Tensor,
        keys: np.ndarray | tf.Tensor,
        modes: Sequence[str],
        first: Evaluation | None = None,
    ) -> dict[str, Crafted]:
        """Attacks a batch once per mode.

        The first gradient is computed once for all modes; after that the images of a group of modes
        (see `group_modes`) go through the source as one batch. A new batch size or side traces the
        loop anew: pad the last batch.

        Args:
          images: float32 [N, S, S, 3] in [-1, 1].
          labels: int32 [N], columns of the logits to leave (or to approach when targeted).
          keys: int32 [N, 2], `image_key` of each image.
          modes: names or aliases of directions.
          first: the batch's `first`, if it is known.

        Returns:
          By canonical name of the mode, in the order asked for.

        Raises:
          MethodError: a mode is unknown.
        """
        names = list(dict.fromkeys(parse_mode(mode).name for mode in modes))
        batch, values = _tensors(images, labels, keys), self._values()
        if first is None:
            first = self._first(*batch, values)
        crafted: dict[str, Crafted] = {}
        for group in group_modes(names, batch[0].shape[0]):
            results = self._program(group)(*batch, first, values)
            crafted.update(
                (name, Crafted(*result)) for name, result in zip(group, results, strict=True)
            )
        return crafted

    def _program(self, group: tuple[str, ...]) -> Callable:
        if group not in self._programs:
            directions = [parse_mode(name) for name in group]

            def craft(*batch: Any) -> list[tuple[tf.Tensor, ...]]:
                return self._craft(directions, *batch)

            self._programs[group] = tf.function(craft, **self._compiled)
        return self._programs[group]

    def _values(self) -> dict[str, tf.Tensor]:
        return values_of(self.settings, self._static_shapes)

    def _context(self, images: tf.Tensor, keys: tf.Tensor, values: dict[str, tf.Tensor]) -> Context:
        settings = Inputs(self.settings, values)
        factor = 1.0
        for amplification in self.method.stage("amplification"):
            factor *= amplification(settings)
        ball = make_ball(images, settings, self.method.iterations(settings.num_iter), factor)
        return Context(settings, images, ball, Draws(keys), self._static_shapes)

    def _gradient(
        self, point: tf.Tensor, labels: tf.Tensor, context: Context, neighbour: tf.Tensor | int
    ) -> tf.Tensor:
        """The gradient of the mean loss over the copies, one copy after another to save memory."""
        make_copy = self.method.exclusive("copies")
        num_copies = self.method.exclusive("num_copies")
        count = num_copies(context.settings) if num_copies else 1

        # Kept a call of its own: inlined into the loop's frames, TensorFlow leaves the network's
        # ops unfused and its gradient takes a tenth more time, in bfloat16 a quarter more.
        @tf.function(autograph=False, experimental_attributes={"_noinline": True})
        def of_copy(point: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
            draws = dataclasses.replace(context.draws, copy=neighbour * count + index)
            of_view = dataclasses.replace(context, draws=draws)
            source = self._source
            for view in self.method.stage("view"):
                source = functools.partial(view, source, context=of_view)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(point)
                images = make_copy(point, index) if make_copy else point
                value = objective(*source(images), labels, context.settings)
            # A source traced for any batch size gives a gradient without one.
            return tf.ensure_shape(tape.gradient(value, point), point.shape)

        counted = _counted(of_copy, self._tick) if self._tick else of_copy

        if count == 1:
            return counted(point, tf.constant(0))
        _, total = tf.while_loop(
            lambda index, _: index < count,
            lambda index, total: (index + 1, total + counted(point, index)),
            (tf.constant(0), tf.zeros_like(point)),
            parallel_iterations=1,
        )
        return total / count

    def _evaluate(
        self, point: tf.Tensor, labels: tf.Tensor, context: Context, with_variance: tf.Tensor
    ) -> Evaluation:
        """The gradient at a point and, if wanted, the variance round it (else zero)."""

        def gradient_at(neighbour: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
            return self._gradient(neighbour, labels, context, number)

        sample = self.method.exclusive("sampling")
        gradient = sample(gradient_at, point, context) if sample else gradient_at(point, 0)
        estimate = self.method.exclusive("variance")
        if estimate is None:
            return Evaluation(gradient, tf.zeros([]))
        variance = tf.cond(
            with_variance,
            lambda: estimate(gradient_at, point, gradient, context),
            lambda: tf.zeros_like(point),
        )
        return Evaluation(gradient, variance)

    def _first_evaluation(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        keys: tf.Tensor,
        values: dict[str, tf.Tensor],
    ) -> Evaluation:
        context = self._context(images, keys, values)
        num_iter = self.method.iterations(context.settings.num_iter)
        return self._evaluate(images, labels, context, tf.convert_to_tensor(num_iter > 1))

    def _accumulate(
        self, gradient: tf.Tensor, variance: tf.Tensor, momentum: tf.Tensor, context: Context
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """From the source's gradient to the one whose direction is taken, and the new momentum."""
        accumulate = self.method.exclusive("momentum")
        smooth_last = accumulate and context.settings.ti_position == "after_momentum"

        def smooth(tensor: tf.Tensor) -> tf.Tensor:
            for smoothing in self.method.stage("smoothing"):
                tensor = smoothing(tensor, context)
            return tensor

        if self.method.exclusive("variance"):
            gradient += variance
        if not smooth_last:
            gradient = smooth(gradient)
        if accumulate:
            momentum = gradient = accumulate(gradient, momentum, context)
        if smooth_last:
            momentum = gradient = smooth(gradient)
        return gradient, momentum

    def _craft(
        self,
        directions: Sequence[Direction],
        clean: tf.Tensor,
        labels: tf.Tensor,
        keys: tf.Tensor,
        first: Evaluation,
        values: dict[str, tf.Tensor],
    ) -> list[tuple[tf.Tensor, ...]]:
        """The images of a group of modes, whose points go through the source as one batch."""
        count = len(directions)
        of_mode = self._context(clean, keys, values)
        of_group = self._context(_repeat(clean, count), _repeat(keys, count), values)
        num_iter = self.method.iterations(of_mode.settings.num_iter)
        look_ahead = self.method.exclusive("look_ahead")
        near = tf.zeros_like(labels, tf.bool)

        def at(context: Context, step: tf.Tensor | int, images: tf.Tensor) -> Context:
            draws = dataclasses.replace(context.draws, iteration=step)
            return dataclasses.replace(context, images=images, draws=draws)

        def advance(
            step: tf.Tensor | int,
            states: list[State],
            evaluations: list[Evaluation],
            fars: list[tf.Tensor],
        ) -> list[State]:
            return [
                self._advance(direction, step, state, taken, far, at(of_mode, step, state.images))
                for direction, state, taken, far in zip(
                    directions, states, evaluations, fars, strict=True
                )
            ]

        def iterate(step: tf.Tensor, states: list[State]) -> tuple[tf.Tensor, list[State]]:
            images = tf.concat([state.images for state in states], 0)
            point, context = images, at(of_group, step, images)
            if look_ahead:
                momentum = tf.concat([state.momentum for state in states], 0)
                point = look_ahead(images, momentum, context)
            more = step + 1 < num_iter
            evaluation = self._evaluate(point, _repeat(labels, count), context, more)
            shares = zip(*(_split(tensor, count) for tensor in evaluation), strict=True)
            far = _repeat(near, count)
            if look_ahead:
                far = tf.reshape(tensors.largest(point), [-1]) > _FAR
            evaluations = [Evaluation(*share) for share in shares]
            return step + 1, advance(step, states, evaluations, _split(far, count))

        start = self._start(clean, num_iter)
        states = advance(0, [start] * count, [first] * count, [near] * count)
        if not self.method.one_step:
            _, states = tf.while_loop(
                lambda step, _: step < num_iter,
                iterate,
                (tf.constant(1), states),
                parallel_iterations=1,
            )
        negligible = tf.cast(tf.abs(first.gradient) < NEGLIGIBLE, tf.float32)
        zero_share = tf.reduce_mean(negligible, [1, 2, 3])
        return [
            (
                state.images,
                tf.transpose(state.cosines.stack()),
                state.finite,
                state.overflowed,
                zero_share,
                tf.stack(state.snapshots, 1) if state.snapshots else tf.zeros([labels.shape[0], 0]),
            )
            for state in states
        ]

    def _advance(
        self,
        direction: Direction,
        step: tf.Tensor | int,
        state: State,
        evaluation: Evaluation,
        far: tf.Tensor,
        context: Context,
    ) -> State:
        """From one mode's gradient (and variance), taken far away or not, to its next images."""
        take_step = self.method.exclusive("step")
        taken = [tensor for tensor in evaluation if tensor.shape.rank]
        usable = functools.reduce(tf.logical_and, map(tensors.all_finite, taken))
        gradient, variance = (
            tensors.zero_unless(usable, tensor) if tensor.shape.rank else tensor
            for tensor in evaluation
        )
        accumulated, momentum = self._accumulate(gradient, state.variance, state.momentum, context)
        stride = direction.stride(accumulated, context)
        moved, memory = state.images + stride, state.memory
        if take_step:
            moved, memory = take_step(state.images, stride, memory, context)
        moved = context.ball.project(moved)
        # Momentum that has overflowed gives NaN, which no clipping brings back.
        sound = tensors.all_finite(moved)
        if accumulated is not gradient:
            sound &= tensors.all_finite(accumulated)
        moved = tensors.taken_if(sound, moved, state.images)
        cosine = tensors.cosine(moved - state.images, gradient)
        return State(
            moved,
            momentum,
            variance,
            memory,
            state.finite & usable,
            state.overflowed | ~sound | (far & ~usable),
            state.cosines.write(step, cosine),
            tuple(
                tf.cond(tf.equal(step + 1, wanted), lambda: moved, lambda kept=kept: kept)
                for wanted, kept in zip(self._snapshots, state.snapshots, strict=True)
            ),
        )

    def _start(self, clean: tf.Tensor, num_iter: tf.Tensor | int) -> State:
        """The state before the first step; what the method does not need is a scalar."""

        def memory(stage: str) -> tf.Tensor:
            return tf.zeros_like(clean) if self.method.stage(stage) else tf.zeros([])

        batch = clean.shape[0]
        cosines = tf.TensorArray(tf.float32, num_iter, element_shape=[batch])
        finite = tf.ones([batch], tf.bool)
        memories = memory("momentum"), memory("variance"), memory("step")
        snapshots = (clean,) * len(self._snapshots)
        return State(clean, *memories, finite, ~finite, cosines, snapshots)


def _tensors(
    images: np.ndarray | tf.Tensor, labels: np.ndarray | tf.Tensor, keys: np.ndarray | tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    return (
        tf.convert_to_tensor(images, tf.float32),
        tf.cast(tf.convert_to_tensor(labels), tf.int32),
        tf.cast(tf.convert_to_tensor(keys), tf.int32),
    )


def _counted(of_copy: Callable, tick: Callable[[int], None]) -> Callable:
    """The same, telling `tick`; a call of its own, so that all round it is compiled as without."""

    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def counted(point: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        gradient, images = of_copy(point, index), point.shape[0]
        with tf.control_dependencies([gradient]):
            tf.numpy_function(lambda: tick(images), [], [])
        return gradient

    return counted


def _repeat(tensor: tf.Tensor, count: int) -> tf.Tensor:
    return tf.concat([tensor] * count, 0)


def _split(tensor: tf.Tensor, count: int) -> list[tf.Tensor]:
    """Each mode's part of what was computed for a group; a scalar is every mode's."""
    return tf.split(tensor, count) if tensor.shape.rank else [tensor] * count
