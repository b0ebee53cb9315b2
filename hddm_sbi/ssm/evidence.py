"""How evidence moves before a response: what pictures of a model are drawn from, step by step.

Simulators need no steps, and so have no paths to show. A process declares, from the same parameters, where evidence
starts, how it moves and where it ends; ``tests/ssm/test_evidence.py`` holds that it ends when and where the simulator's
trials do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# (theta (parameters,), times (steps,)) -> (2, steps), lower and upper boundary, or (1, steps), the threshold of a race
Bounds = Callable[[FloatArray, FloatArray], FloatArray]
# (theta, how many, generator, or None for the middle of all starts) -> (how many, accumulators)
Starts = Callable[[FloatArray, int, np.random.Generator | None], FloatArray]
# (theta, starts (n, accumulators), times, generator, or None without noise) -> (n, accumulators, steps)
Moves = Callable[[FloatArray, FloatArray, FloatArray, np.random.Generator | None], FloatArray]


@dataclass(frozen=True, eq=False)
class Evidence:
    """How evidence accumulates, for pictures of the model.

    Args:
        bounds: ``(theta, times) -> (2, steps)``, the lower and the upper boundary, which one accumulator reaches; or
            ``(1, steps)``, the threshold to which several race. Times are seconds from the onset of the decision.
        starts: ``(theta, n, rng) -> (n, accumulators)``, where evidence starts on n trials; with None for ``rng`` the
            middle of that.
        moves: ``(theta, starts, times, rng) -> (n, accumulators, steps)``, the evidence at all times if it were not
            stopped; with None for ``rng`` that without noise and variability.
        simulator: the simulator whose process it is; a model to which another is given goes without it. By default that
            of the model that it is given to.
    """

    bounds: Bounds
    starts: Starts
    moves: Moves
    simulator: Callable[..., Any] | None = None


class Passages(NamedTuple):
    """Paths, and where they end.

    Args:
        paths: evidence at all times, shape (n, accumulators, steps).
        choice: the choice that is made, -1 where none is by the last step, shape (n,).
        step: the first step at which evidence is beyond a boundary, shape (n,); the last where it never is.
    """

    paths: FloatArray
    choice: IntArray
    step: IntArray


def passages(evidence: Evidence, theta: FloatArray, times: FloatArray, n: int, rng: np.random.Generator) -> Passages:
    """Draw n trials step by step.

    Args:
        evidence: of a model.
        theta: its parameters, shape (parameters,).
        times: of the steps from 0 on, seconds, shape (steps,).
        n: how many.
        rng: random numbers.
    """
    bounds = evidence.bounds(theta, times)
    paths = evidence.moves(theta, evidence.starts(theta, n, rng), times, rng)
    if len(bounds) == 2:
        beyond = np.stack([paths[:, 0] <= bounds[0], paths[:, 0] >= bounds[1]], axis=1)
    else:
        beyond = paths >= bounds[0]
    arrived = beyond.any(axis=-1)
    first = np.where(arrived, beyond.argmax(axis=-1), len(times))
    step = first.min(axis=1)
    choice = np.where(step < len(times), first.argmin(axis=1), -1)
    return Passages(paths, choice.astype(np.int64), np.minimum(step, len(times) - 1))


def wiener(shape: tuple[int, ...], times: FloatArray, rng: np.random.Generator | None) -> FloatArray:
    """Paths of Brownian motion from 0, shape (*shape, steps); all 0 without a generator."""
    if rng is None:
        return np.zeros((*shape, len(times)))
    return np.cumsum(np.sqrt(np.diff(times, prepend=0.0)) * rng.standard_normal((*shape, len(times))), axis=-1)


def relative_start(theta: FloatArray, n: int, rng: np.random.Generator | None) -> FloatArray:
    """The start (z - 1/2) a of a diffusion with parameters v, a, z, t0, ..., shape (n, 1)."""
    return np.full((n, 1), (theta[2] - 0.5) * theta[1])


def constant_drift(
    theta: FloatArray, starts: FloatArray, times: FloatArray, rng: np.random.Generator | None
) -> FloatArray:
    """Brownian motion with the drift v, the first parameter."""
    return starts[..., None] + theta[0] * times + wiener(starts.shape, times, rng)


def between(half_width: Callable[[FloatArray, FloatArray], FloatArray]) -> Bounds:
    """Boundaries that are equally far from zero.

    Args:
        half_width: theta (rows, parameters) and times (rows, n) -> half their distance, (rows, n) or (rows, 1).
    """

    def bounds(theta: FloatArray, times: FloatArray) -> FloatArray:
        half = np.maximum(np.broadcast_to(half_width(theta[None], times[None])[0], times.shape), 0.0)
        return np.stack([-half, half])

    return bounds


def diffusion_evidence(
    simulator: Callable[..., Any],
    half_width: Callable[[FloatArray, FloatArray], FloatArray],
    starts: Starts = relative_start,
    moves: Moves = constant_drift,
) -> Evidence:
    """The evidence of a diffusion with parameters v, a, z, t0, ... between two boundaries.

    Args:
        simulator: the model's simulator.
        half_width: how far its boundaries are from the middle, see ``between``.
        starts: where it starts.
        moves: how it moves.
    """
    return Evidence(between(half_width), starts, moves, simulator)
