"""The racing diffusion model (Tillman, Van Zandt & Logan 2020, Psychonomic Bulletin & Review 27, 911-936).

Accumulator k is a Wiener process with drift v_k > 0 and noise s = 1, started at a uniform draw from [0, A] of its own;
the first to reach A + B makes the response. B is the distance from the highest start to the threshold.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, FloatArray, Formula, IntArray, Parameter, Prior
from hddm_sbi.ssm.evidence import wiener
from hddm_sbi.ssm.models.race import N_SHARED, Family, race_evidence, race_parameters, race_symmetries
from hddm_sbi.ssm.rules import race_rules
from hddm_sbi.ssm.simulation.blocks import run_blocks
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.rng import uniform
from hddm_sbi.ssm.simulation.wiener import inverse_gaussian


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, rt, choice = span.theta[row], span.state, span.rt, span.choice
    n_choices = len(theta) - N_SHARED
    B, A, t0 = theta[n_choices], theta[n_choices + 1], theta[n_choices + 2]
    for i in range(first, last):
        earliest, winner = np.inf, 0
        for k in range(n_choices):
            distance = B + A * uniform(state)
            # the first passage is inverse Gaussian with mean distance / v and shape distance^2
            t = distance * distance * inverse_gaussian(1.0 / (theta[k] * distance), state)
            if t < earliest:
                earliest, winner = t, k
        rt[i] = t0 + earliest
        choice[i] = winner


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_rdm(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw (rt, choice) exactly: without time steps, without bias.

    Args:
        theta: v0, ..., B, A, t0 in the columns, shape (rows, accumulators + 3).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (index of the first accumulator to arrive), each of shape (rows, n).
    """
    return run_blocks(_draw_at, theta, n, seed)


# simulated from the priors, two accumulators
_SOURCE = "weakly informative: median response times of 0.24 to 2.0 s (95 %)"


def _formula(n: int) -> object:
    from hddm_sbi.likelihoods.exact.race import ExactRace
    from hddm_sbi.likelihoods.exact.race_density import RDM

    return ExactRace(RDM, n)


def _moves(theta: FloatArray, starts: FloatArray, times: FloatArray, rng: np.random.Generator | None) -> FloatArray:
    """Brownian motion, with a drift of each accumulator's own."""
    drifts = theta[: starts.shape[1], None]
    return np.asarray(starts[..., None] + drifts * times + wiener(starts.shape, times, rng))


def _rdm(n: int) -> SSM:
    drift = Parameter(
        "v", (0.0, math.inf), "log", (0.05, 10.0), "drift rate",
        Prior(math.log(2.0), 0.7, 0.7, 0.5, 0.35, _SOURCE),  # 95 %: 0.5 to 7.9
    )  # fmt: skip
    return SSM(
        name="rdm",
        parameters=race_parameters(
            drift,
            B=Prior(math.log(1.2), 0.6, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.37 to 3.9
            A=Prior(math.log(0.5), 0.7, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.13 to 2.0
            t0=Prior(math.log(0.2), 0.6, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.06 to 0.65 s
            n=n,
        ),
        simulator=simulate_rdm,
        n_choices=n,
        symmetries=race_symmetries(n, time_power=2.0),
        guess=race_rules([f"v{k}" for k in range(n)], distance=1.45),  # B and A / 2 at their medians
        exact=Formula(simulate_rdm, lambda: _formula(n)),
        evidence=race_evidence(simulate_rdm, _moves),
        description="race of Wiener processes with positive drifts to one threshold",
    )


RDM = Family("rdm", _rdm)
