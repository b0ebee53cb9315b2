"""What all races of accumulators have in common: a family of models, one for each number of accumulators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import SSM, FloatArray, Parameter, Prior, Symmetries
from hddm_sbi.ssm.evidence import Evidence, Moves

# parameters beside the drifts: B, A, t0
N_SHARED = 3


@dataclass(frozen=True)
class Family:
    """Models of one name that differ in the number of response options.

    Args:
        name: what every member is called.
        create: makes the member with so many options.
        n_choices: the numbers of options there are members for; the first is the default.
    """

    name: str
    create: Callable[[int], SSM]
    n_choices: tuple[int, ...] = (2, 3, 4)

    def member(self, n_choices: int | None = None) -> SSM:
        """Return the model with so many options, always the same object.

        Raises:
            ModelError: there is no such member.
        """
        if n_choices is None:
            return _member(self, self.n_choices[0])
        if n_choices not in self.n_choices:
            raise ModelError(
                f"the model '{self.name}' has no variant with {n_choices} response options; there are variants with "
                f"{', '.join(map(str, self.n_choices))}."
            )
        return _member(self, n_choices)

    def with_parameters(self, n_parameters: int) -> SSM | None:
        """Return the model whose theta has so many columns, or None where there is none."""
        members = (self.member(n) for n in self.n_choices)
        return next((ssm for ssm in members if len(ssm.parameters) == n_parameters), None)


@cache
def _member(family: Family, n_choices: int) -> SSM:
    return family.create(n_choices)


def race_parameters(drift: Parameter, B: Prior, A: Prior, t0: Prior, n: int) -> tuple[Parameter, ...]:
    """Make the parameters of a race: v0, ..., v{n-1}, B, A, t0.

    Args:
        drift: the drift of every accumulator; its name is followed by the accumulator's index.
        B, A, t0: default priors of the threshold above the largest start, the range of starts, and the non-decision
            time, on the log scale.
        n: number of accumulators.
    """
    drifts = (
        replace(drift, name=f"{drift.name}{k}", description=f"{drift.description} of accumulator {k}") for k in range(n)
    )
    positive = (0.0, float("inf"))
    return (
        *drifts,
        Parameter("B", positive, "log", (0.1, 5.0), "distance from the highest start to the threshold", B),
        Parameter("A", positive, "log", (0.0, 5.0), "range of starting points", A),
        Parameter("t0", positive, "log", (0.0, 2.0), "non-decision time, s", t0),
    )


def race_symmetries(n: int, time_power: float) -> Symmetries:
    """Declare that responses shift with t0; lengths are in units of B, times in units of B^``time_power``."""
    drifts = tuple((f"v{k}", 1.0, -1.0) for k in range(n))
    return Symmetries(shift="t0", scale="B", units=(*drifts, ("A", 1.0, 0.0)), time_power=time_power)


def race_evidence(simulator: Callable[..., Any], moves: Moves) -> Evidence:
    """Accumulators that start at a uniform draw from [0, A] each and race to A + B.

    Args:
        simulator: the model's simulator.
        moves: how they rise.
    """

    def bounds(theta: FloatArray, times: FloatArray) -> FloatArray:
        B, A = theta[-3], theta[-2]
        return np.full((1, len(times)), A + B)

    def starts(theta: FloatArray, n: int, rng: np.random.Generator | None) -> FloatArray:
        shape = (n, len(theta) - N_SHARED)
        return np.asarray(theta[-2] * (np.full(shape, 0.5) if rng is None else rng.random(shape)))

    return Evidence(bounds, starts, moves, simulator)
