"""The plain Euler scheme of the other simulators: time goes on in steps, and boundaries are looked at after each."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from hddm_sbi.ssm.simulation.rng import exponential, normal, seed_state, uniform

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

STEP = 1e-3
MODELS = ("ddm", "full_ddm", "angle", "weibull", "ornstein", "levy", "rdm")


@njit(inline="always")
def _stable(alpha: float, state: npt.NDArray[np.uint64]) -> float:
    """Symmetric, with characteristic function exp(-|k|^alpha) (Chambers, Mallows & Stuck 1976)."""
    u = math.pi * (uniform(state) - 0.5)
    if alpha == 1.0:
        return math.tan(u)
    w = exponential(state)
    return math.sin(alpha * u) / math.cos(u) ** (1.0 / alpha) * (math.cos((1.0 - alpha) * u) / w) ** (1.0 / alpha - 1.0)


@njit(cache=True)
def _two_boundaries(model: int, theta: FloatArray, step: float, seed: int, rt: FloatArray, choice: IntArray) -> None:
    state = np.empty(4, dtype=np.uint64)
    seed_state(state, seed, 0)
    v, a, z, t0 = theta[0], theta[1], theta[2], theta[3]
    stable = math.sqrt(0.5) * step ** (1.0 / theta[4]) if model == 5 else 0.0
    root = math.sqrt(step)
    for i in range(len(rt)):
        drift, x, later = v, (z - 0.5) * a, t0
        if model == 1:
            drift += theta[4] * normal(state)
            x += theta[5] * a * (uniform(state) - 0.5)
            later += theta[6] * uniform(state)
        k, b = 0, 0.5 * a
        while abs(x) < b:
            if model == 5:
                x += drift * step + stable * _stable(theta[4], state)
            elif model == 4:
                x += (drift - theta[4] * x) * step + root * normal(state)
            else:
                x += drift * step + root * normal(state)
            k += 1
            if model == 2:
                b = 0.5 * a - math.tan(theta[4]) * k * step
            elif model == 3:
                b = 0.5 * a * math.exp(-((k * step / theta[5]) ** theta[4]))
        rt[i] = later + k * step
        choice[i] = 1 if x > 0.0 else 0


@njit(cache=True)
def _race(theta: FloatArray, step: float, seed: int, rt: FloatArray, choice: IntArray) -> None:
    state = np.empty(4, dtype=np.uint64)
    seed_state(state, seed, 0)
    n = len(theta) - 3
    B, A, t0 = theta[n], theta[n + 1], theta[n + 2]
    x, root = np.empty(n), math.sqrt(step)
    for i in range(len(rt)):
        for j in range(n):
            x[j] = A * uniform(state)
        k, winner = 0, 0
        while x[winner] < A + B:
            for j in range(n):
                x[j] += theta[j] * step + root * normal(state)
            winner = int(np.argmax(x))
            k += 1
        rt[i] = t0 + k * step
        choice[i] = winner


def simulate(model: str, theta: FloatArray, n: int, seed: int, step: float = STEP) -> tuple[FloatArray, IntArray]:
    """Draws of (rt, choice), each of shape (n,), for one parameter vector of one of ``MODELS``."""
    rt, choice = np.empty(n), np.empty(n, dtype=np.int64)
    if model == "rdm":
        _race(theta, step, seed, rt, choice)
    else:
        _two_boundaries(MODELS.index(model), theta, step, seed, rt, choice)
    return rt, choice
