"""Distributions of (rt, choice) that owe nothing to a simulator: formulas, or numerical solutions."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

import hddm_sbi as hs
from benchmarks.fokker_planck import Passage, first_passage
from benchmarks.stable_passage import StablePassage, stable_passage
from hddm_sbi.likelihoods.exact.ddm_cdf import ddm_cdf

FloatArray = npt.NDArray[np.float64]

# Of grids of time, which are even in its logarithm, and of the rules over drift and start.
_TIMES, _NODES = 6000, 32


def truth(model: str, theta: FloatArray) -> Passage | StablePassage:
    """Distribution of the decision time and of the choice, ``upper`` being choice 1 and ``lower`` any other.

    Args:
        model: a name of ``hs.list_models()``.
        theta: one parameter vector. The non-decision time is left out, save its range in ``full_ddm``.
    """
    if model in ("rdm", "lba"):
        return _race(model, theta)
    v, a, z = theta[:3]
    half = 0.5 * a
    match model:
        case "ddm":
            return _full(v, a, z, 0.0, 0.0, 0.0)
        case "full_ddm":
            return _full(v, a, z, *theta[4:])
        case "angle":
            slope = math.tan(theta[4])
            meet = half / slope if slope > 0.0 else math.inf
            return first_passage(v, z, lambda t: half - slope * t, meet=meet)
        case "weibull":
            shape, scale = theta[4:]
            return first_passage(v, z, lambda t: half * math.exp(-((t / scale) ** shape)))
        case "ornstein":
            return first_passage(v, z, lambda t: half, g=theta[4])
        case "levy":
            return stable_passage(v, a, z, theta[4])
    raise ValueError(model)


def _full(v: float, a: float, z: float, sv: float, sz: float, st0: float) -> Passage:
    """The formula for constant drift and start, averaged over both, then over the uniform non-decision time."""
    x, x_weight = np.polynomial.legendre.leggauss(_NODES)
    y, y_weight = np.polynomial.hermite_e.hermegauss(_NODES)
    drifts, per_drift = (v + sv * y, y_weight / y_weight.sum()) if sv > 0.0 else (np.array([v]), np.ones(1))
    starts, per_start = (z + 0.5 * sz * x, 0.5 * x_weight) if sz > 0.0 else (np.array([z]), np.ones(1))
    t = np.concatenate([[0.0], a * a * np.exp(np.linspace(-9.0, 4.0, _TIMES))])
    if st0 > 0.0:
        t = np.unique(np.concatenate([t, np.linspace(0.0, 2.0 * st0, _TIMES)]))
    found = np.zeros((2, len(t)))
    for drift, share in zip(drifts, per_drift, strict=True):
        for start, part in zip(starts, per_start, strict=True):
            found += share * part * np.stack([ddm_cdf(t, k, drift, a, start) for k in (0, 1)])
    if st0 > 0.0:
        area = np.concatenate([np.zeros((2, 1)), np.cumsum(0.5 * (found[:, 1:] + found[:, :-1]) * np.diff(t), 1)], 1)
        found = np.stack([(row - np.interp(t - st0, t, row, left=0.0)) / st0 for row in area])
    return Passage(t, *found)


def _race(model: str, theta: FloatArray) -> Passage:
    """The integral of the density, in the logarithm of the decision time."""
    log_t = np.linspace(-9.0, 6.0, 4 * _TIMES)
    t, n = np.exp(log_t), len(theta) - 3
    parts = []
    for option in range(n):
        at_once = np.append(theta[:-1], 0.0)
        density = np.exp(hs.log_likelihood(model, t, np.full(t.shape, option), at_once, kind="exact")) * t
        parts.append(np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(log_t))]))
    return Passage(t, np.sum(parts, axis=0) - parts[1], parts[1])
