"""What stands for the gradient at a point: a mean of gradients at random points near it.

Each takes (gradient_at, point, context), with gradient_at: (point, its number from 1) -> gradient
there, all float32 [N, S, S, 3]. None of the points is clipped to [-1, 1]. In the L2 ball, epsilon
and alpha are taken per entry (over the root of their number).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

from methods import tensors
from methods.context import Context
from utils.quiet import tf

GradientAt: TypeAlias = "Callable[[tf.Tensor, tf.Tensor], tf.Tensor]"


def penalized_norm(gradient_at: GradientAt, point: tf.Tensor, context: Context) -> tf.Tensor:
    """PGN: half the gradient at random neighbours and half that a step down from each of them.

    x' = x + u, u uniform within 3 epsilon per entry; g1 = grad L(x'), L what the attack climbs;
    x'' = x' - alpha * g1 / mean(abs(g1)), the mean over H, W, C of one image; g2 = grad L(x''); the
    result is the mean over the draws of 0.5 g1 + 0.5 g2, which keeps the norm of the gradient near
    the image small. Ge et al. 2023, arXiv 2306.05225; official: 20 draws, MI's momentum 1.0, 10
    iterations, epsilon 16. Costs 40 gradients a step.
    Example: `python attack.py --method mg --mode affine --pgn_samples 20 --pgn_radius 3`
    """
    samples, ball = context.settings.pgn_samples, context.ball
    radius = tensors.single(context.settings.pgn_radius * ball.epsilon * ball.per_entry)
    back = tensors.single(ball.step_length * ball.per_entry)

    def add(number: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        neighbour = point + radius * _offset("pgn", number, point, context)
        here = gradient_at(neighbour, 2 * number - 1)
        scaled = tensors.shrunk(here)
        mean = tf.reduce_mean(tf.abs(scaled), [1, 2, 3], keepdims=True)
        there = gradient_at(neighbour - back * tf.math.divide_no_nan(scaled, mean), 2 * number)
        return number + 1, total + 0.5 * (here + there)

    start = (tf.constant(1), tf.zeros_like(point))
    _, total = tf.while_loop(lambda number, _: number <= samples, add, start, parallel_iterations=1)
    return total / samples


def random_walk(gradient_at: GradientAt, point: tf.Tensor, context: Context) -> tf.Tensor:
    """FGRM's sampling: the mean gradient over the points of a random walk that starts at the image.

    x_j = x_{j-1} + u_j, u_j uniform within 1.5 epsilon per entry, x_0 the image, j from 1 to 12.
    Han et al., arXiv 2307.02828, whose SMI-FGRM is `mx` with mode `rescale`; official: 12 points,
    epsilon 16, 10 steps, momentum 1.
    Example: `python attack.py --method mx --mode rescale --walk_points 12 --walk_radius 1.5`
    """
    points, ball = context.settings.walk_points, context.ball
    radius = tensors.single(context.settings.walk_radius * ball.epsilon * ball.per_entry)

    def add(
        number: tf.Tensor, at: tf.Tensor, total: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        at += radius * _offset("walk", number, point, context)
        return number + 1, at, total + gradient_at(at, number)

    start = (tf.constant(1), point, tf.zeros_like(point))
    *_, total = tf.while_loop(
        lambda number, *_: number <= points, add, start, parallel_iterations=1
    )
    return total / points


def _offset(purpose: str, number: tf.Tensor, point: tf.Tensor, context: Context) -> tf.Tensor:
    """Uniform in [-1, 1) per entry."""
    draws = dataclasses.replace(context.draws, copy=number)
    return 2.0 * draws.uniform(purpose, list(point.shape[1:])) - 1.0
