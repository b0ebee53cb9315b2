"""The posterior density of a linear contrast at a point, with its Monte Carlo error or as a bound."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from hddm_sbi.results.contrasts.asked import FloatArray
from hddm_sbi.results.contrasts.prior import Prior
from hddm_sbi.results.contrasts.routes import Route
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.pareto import largest_k, pareto_smooth

# A mean is known where its error is a quarter of it at most, and no draw makes up more than a fifth.
_ERROR, _SHARE = 0.25, 0.2
# Parts into which each chain is cut for the jackknife: long against the autocorrelation of draws that are usable.
_BATCHES = 10
# Between the middle of the posterior and a point beyond the draws, the density is looked at in so many steps.
_STEPS = 101


@dataclass(frozen=True)
class Ordinate:
    """A density at a point.

    Args:
        value: the density; where ``is_bound``, a number that it does not exceed.
        error: its standard error by Monte Carlo, relative to it; NaN of a bound.
        is_bound: whether the point lies beyond the draws.
    """

    value: float
    error: float
    is_bound: bool


def ordinate(route: Route, prior: Prior, point: float, chains: int) -> Ordinate | None:
    """The posterior density at a point under a prior; None where the draws do not tell it.

    Beyond the draws it is bounded, given that the posterior falls off from its middle on: by the density at the nearest
    point where it is known, two errors added, and by the mass that lies between any point and this one, over their
    distance.

    Args:
        route: from draws to densities; draws are those of the chains, one after the other.
        prior: the stated one or another.
        point: where.
        chains: their number.
    """
    log_weights = route.log_weights(prior)
    if not np.isfinite(log_weights).any() or pareto_smooth(log_weights)[1] > largest_k(len(log_weights)):
        return None
    weights = np.exp(log_weights - log_weights.max())
    points = np.linspace(np.average(route.values, weights=weights), point, _STEPS)
    value, error, known = _known(route, prior, points, weights, chains)
    if known[-1]:
        return Ordinate(float(value[-1]), float(error[-1]), False)
    bounds = [*(value * (1.0 + 2.0 * error))[known], *_by_mass(route.values, weights, points, chains)]
    return Ordinate(float(np.min(bounds)), math.nan, True)


def _by_mass(values: FloatArray, weights: FloatArray, points: FloatArray, chains: int) -> FloatArray:
    """What the density at the last point is surely below, from the mass beyond each of the others.

    Where a density falls off towards a point x, the mass between y and x is at least f(x) |y - x|. The mass is bounded
    as a share of independent draws (Clopper & Pearson 1934, Biometrika 26, 404-413).
    """
    bulk, tail, _ = diagnostics(values.reshape(chains, -1, 1))
    kish = weights.sum() ** 2 / (weights**2).sum()
    n = max(float(np.nan_to_num(np.fmin(bulk, tail)[0])) * kish / len(weights), 1.0)
    before = points[:-1]
    beyond = (values[:, np.newaxis] - before) * np.sign(points[-1] - points[0]) > 0.0
    share = np.minimum(np.average(beyond, axis=0, weights=weights), 1.0)
    mass = beta.ppf(0.95, share * n + 1.0, np.maximum((1.0 - share) * n, 1e-9))
    return np.asarray(mass / np.abs(points[-1] - before))


def _known(
    route: Route, prior: Prior, points: FloatArray, weights: FloatArray, chains: int
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Densities at points, their relative errors by the jackknife over parts of chains, and whether they are known."""
    parts = weights[:, np.newaxis] * route.moments(prior, points)
    n_batches = max(min(_BATCHES, len(weights) // chains), 1) * chains
    labels = np.repeat(np.arange(n_batches), np.diff(np.linspace(0, len(weights), n_batches + 1).astype(int)))
    starts = np.searchsorted(labels, np.arange(n_batches))
    sums, total = np.add.reduceat(parts, starts, axis=1), np.add.reduceat(weights, starts)
    value = route.density(parts.sum(axis=1) / total.sum())
    without = (sums.sum(axis=1, keepdims=True) - sums) / (total.sum() - total)[:, np.newaxis]
    left_out = route.density(without)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (n_batches - 1) / n_batches * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
        error = np.sqrt(spread) / value
        share = parts[0].max(axis=0) / parts[0].sum(axis=0)
        known = np.isfinite(value) & (value > 0.0) & (error < _ERROR) & (share < _SHARE)
    return value, error, known
