"""From ridges to the bends that make them straight, and what they say of a group's mean and covariance.

A group's standardised coefficients x, t0 first, are moved by q(x_1): x_1 to h(x_1), which has t0's own density where
x_1 is standard normal, and the others beside it to where they lie on the ridge. The Jacobian is h'. What is a gap
between modes of t0 becomes a place where h is steep, which a sampler that moves x_1 crosses in one step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import interpolate, special

from hddm_sbi.inference.coordinates.arrays import RIDGE_CELLS, RIDGE_END, RIDGE_NODES_PER_SD
from hddm_sbi.inference.coordinates.ridges import Ridge

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Points at which the density of t0 is tabulated, and how deep it is followed beyond the ends of the ridge.
FINE, TAIL = 2001, 3.0
# The bend is that of the density mixed with a normal one to this share: no gap between modes is crossed at once.
FLOOR = 0.03
# Least stretch h' along the ridge, and the most that it is bent to the side, in standard deviations.
LEAST_STRETCH, LARGEST_SIDE = 0.05, 3.0


class Moments(NamedTuple):
    """Mean, (k,), and covariance, (k, k), of a group's raw coefficients; density of f at points t, each (points,)."""

    mean: FloatArray
    covariance: FloatArray
    t: FloatArray
    density: FloatArray


def moments(ridge: Ridge) -> Moments:
    """Of the mixture, over the ridge, of normal distributions across it."""
    own, order = _increasing(ridge.points @ ridge.along)
    log_density, points, spread = ridge.log_density[order], ridge.points[order], ridge.spread[order]
    left, right = _tail(own, log_density, 0), _tail(own, log_density, -1)
    t = np.linspace(own[0] - left, own[-1] + right, FINE)
    log_p = interpolate.PchipInterpolator(own, log_density)(np.clip(t, own[0], own[-1]))
    log_p -= TAIL * (np.maximum(own[0] - t, 0.0) / left + np.maximum(t - own[-1], 0.0) / right)
    density = np.exp(log_p - log_p.max())
    density /= density.sum()
    place = np.interp(t, own, np.arange(len(own)))
    low = np.minimum(place.astype(np.int64), len(own) - 2)
    share = place - low
    on_ridge = points[low] + share[:, None] * (points[low + 1] - points[low])
    mean = density @ on_ridge
    weight = sum(np.bincount(low + i, density * part, len(own)) for i, part in enumerate((1.0 - share, share)))
    off = on_ridge - mean
    covariance = np.einsum("p,pij->ij", weight, spread) + (off * density[:, None]).T @ off
    return Moments(mean, covariance, t, density)


def _increasing(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """The values in increasing order, each once, and where they were."""
    order = np.argsort(values, kind="stable")
    order = order[np.concatenate([[True], np.diff(values[order]) > 1e-9])]
    return values[order], order


def _tail(own: FloatArray, log_density: FloatArray, end: int) -> float:
    """How far beyond an end of the ridge ``TAIL`` more is lost of the log density, if it goes on as it ends."""
    inward = 1 if end == 0 else -2
    slope = abs((log_density[end] - log_density[inward]) / (own[end] - own[inward]))
    return float(TAIL / max(slope, TAIL / (own[-1] - own[0])))


def bend(ridge: Ridge, found: Moments, lower: FloatArray) -> FloatArray:
    """Nodes of q and its derivative by the number of the node, (nodes, k, 2).

    Args:
        ridge: of one group, t0 first.
        found: its moments.
        lower: L of its precision L' L, with which coefficients are standardised around the mean.
    """
    z = np.linspace(-RIDGE_END, RIDGE_END, RIDGE_CELLS + 1)
    h = _standardised(lower[0, 0] * (found.t - found.mean[0]), found.density, z)
    points = (ridge.points - found.mean) @ lower.T
    along, order = _increasing(points[:, 0])
    side = interpolate.PchipInterpolator(along, points[order])(np.clip(h, along[0], along[-1]))
    q = np.clip(side, -LARGEST_SIDE, LARGEST_SIDE)
    q[:, 0] = h - z
    dense = np.linspace(z[0], z[-1], 10 * RIDGE_CELLS + 1)
    while (spline := interpolate.CubicSpline(z, q, bc_type="natural"))(dense, 1)[:, 0].min() < LEAST_STRETCH - 1.0:
        q *= 0.8
    return np.ascontiguousarray(np.stack([q, spline(z, 1) / RIDGE_NODES_PER_SD], axis=-1))


def _standardised(t: FloatArray, density: FloatArray, z: FloatArray) -> FloatArray:
    """h(z): the quantile of t that a standard normal variable has at z; straight beyond the ends of t."""
    normal = np.exp(-0.5 * t**2)
    mixed = (1.0 - FLOOR) * density + FLOOR * normal / max(normal.sum(), 1e-300)
    below, above = np.cumsum(mixed) - 0.5 * mixed, np.cumsum(mixed[::-1])[::-1] - 0.5 * mixed
    of_normal = np.where(below < 0.5, special.ndtri(below), -special.ndtri(above))
    finite = np.flatnonzero(np.isfinite(of_normal))
    of_normal, order = _increasing(of_normal[finite])
    low, high = of_normal[0], of_normal[-1]
    h = interpolate.PchipInterpolator(of_normal, t[finite][order])(np.clip(z, low, high))
    return np.asarray(h + np.minimum(z - low, 0.0) + np.maximum(z - high, 0.0))
