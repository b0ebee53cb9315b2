"""From ridges to the bends that make them straight, and what they say of a group's mean and covariance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import interpolate, special

from hddm_sbi.inference.coordinates.arrays import RIDGE_CELLS, RIDGE_END, RIDGE_NODES_PER_SD
from hddm_sbi.inference.coordinates.ridges import Ridge

FloatArray = npt.NDArray[np.float64]

FINE = 2001
# The bend is that of the density mixed with a normal one to this share: a gap between modes is left a little.
FLOOR = 0.03
# Least and largest stretch along the ridge, and the most that it is bent to the side, in standard deviations.
LEAST_STRETCH, LARGEST_SIDE = 0.05, 3.0


class Moments(NamedTuple):
    """Mean, (k,), and covariance, (k, k), of a group's raw coefficients, and those of f."""

    mean: FloatArray
    covariance: FloatArray
    t: FloatArray
    density: FloatArray


def moments(ridge: Ridge) -> Moments:
    """Of the mixture over the ridge of normal distributions across it."""
    own = ridge.points @ ridge.along
    order = np.argsort(own, kind="stable")
    own = own[order]
    keep = np.concatenate([[True], np.diff(own) > 1e-9])
    own, order = own[keep], order[keep]
    log_density, points, spread = ridge.log_density[order], ridge.points[order], ridge.spread[order]
    left, right = _tail(own, log_density, 0), _tail(own, log_density, -1)
    t = np.linspace(own[0] - left, own[-1] + right, FINE)
    inner = interpolate.PchipInterpolator(own, log_density)(np.clip(t, own[0], own[-1]))
    log_p = inner - 3.0 * np.maximum(own[0] - t, 0.0) / max(left, 1e-9) - 3.0 * np.maximum(t - own[-1], 0.0) / max(
        right, 1e-9
    )
    density = np.exp(log_p - log_p.max())
    density /= density.sum()
    at = np.interp(t, own, np.arange(len(own)))
    low = np.minimum(at.astype(np.int64), len(own) - 2)
    share = (at - low)[:, None]
    on_ridge = (1.0 - share) * points[low] + share * points[low + 1]
    mean = density @ on_ridge
    weights = np.bincount(low, density * (1.0 - share[:, 0]), len(own)) + np.bincount(
        low + 1, density * share[:, 0], len(own)
    )
    off = on_ridge - mean
    covariance = np.einsum("p,pij->ij", weights, spread) + (off * density[:, None]).T @ off
    return Moments(mean, covariance, t, density)


def _tail(own: FloatArray, log_density: FloatArray, end: int) -> float:
    """How far beyond an end of the ridge three more nats are lost."""
    inward = 1 if end == 0 else -2
    slope = abs((log_density[end] - log_density[inward]) / (own[end] - own[inward]))
    return float(3.0 / max(slope, 3.0 / (own[-1] - own[0])))


def bend(ridge: Ridge, found: Moments, lower: FloatArray) -> FloatArray:
    """Nodes of q and its derivative by the number of the node, (nodes, k, 2).

    Args:
        ridge: of one group, t0 first.
        found: its moments.
        lower: L of its precision L' L, with which coefficients are standardised around the mean.
    """
    z = np.linspace(-RIDGE_END, RIDGE_END, RIDGE_CELLS + 1)
    s_fine = lower[0, 0] * (found.t - found.mean[0])
    normal = np.exp(-0.5 * s_fine**2)
    density = (1.0 - FLOOR) * found.density + FLOOR * normal / max(normal.sum(), 1e-300)
    below = np.cumsum(density) - 0.5 * density
    above = np.cumsum(density[::-1])[::-1] - 0.5 * density
    of_normal = np.where(below < 0.5, special.ndtri(below), -special.ndtri(above))
    use = np.concatenate([[True], np.diff(of_normal) > 1e-9]) & np.isfinite(of_normal)
    low, high = of_normal[use][0], of_normal[use][-1]
    h = interpolate.PchipInterpolator(of_normal[use], s_fine[use])(np.clip(z, low, high))
    h = h + np.minimum(z - low, 0.0) + np.maximum(z - high, 0.0)
    across = (ridge.points - found.mean) @ lower.T
    order = np.argsort(across[:, 0])
    across = across[order][np.concatenate([[True], np.diff(across[order, 0]) > 1e-9])]
    side = interpolate.PchipInterpolator(across[:, 0], across)(np.clip(h, across[0, 0], across[-1, 0]))
    q = np.clip(side, -LARGEST_SIDE, LARGEST_SIDE)
    q[:, 0] = h - z
    dense = np.linspace(z[0], z[-1], 10 * RIDGE_CELLS + 1)
    while True:
        spline = interpolate.CubicSpline(z, q, bc_type="natural")
        if spline(dense, 1)[:, 0].min() > LEAST_STRETCH - 1.0:
            break
        q *= 0.8
    return np.ascontiguousarray(np.stack([q, spline(z, 1) / RIDGE_NODES_PER_SD], axis=-1))
