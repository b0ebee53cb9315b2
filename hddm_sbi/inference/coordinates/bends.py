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


def bend(ridge: Ridge, found: Moments, lower: FloatArray, kept: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The direction w, (k,), and nodes of q and its derivative by the number of the node, (nodes, k, 2).

    Args:
        ridge: of one group.
        found: its moments.
        lower: L of its precision L' L, with which coefficients are standardised around the mean.
        kept: coefficients that take part, (k,).
    """
    full = np.linalg.solve(lower.T, ridge.along)
    sd = float(np.linalg.norm(full))
    w = np.where(kept, full, 0.0)
    w /= np.linalg.norm(w)
    z = np.linspace(-RIDGE_END, RIDGE_END, RIDGE_CELLS + 1)
    s_fine = (found.t - found.mean @ ridge.along) / sd
    normal = np.exp(-0.5 * s_fine**2)
    density = (1.0 - FLOOR) * found.density + FLOOR * normal / max(normal.sum(), 1e-300)
    cumulated = np.cumsum(density) - 0.5 * density
    upper = np.cumsum(density[::-1])[::-1] - 0.5 * density
    normal_z = np.where(cumulated < 0.5, special.ndtri(cumulated), -special.ndtri(upper))
    use = np.concatenate([[True], np.diff(normal_z) > 1e-9]) & np.isfinite(normal_z)
    h = interpolate.PchipInterpolator(normal_z[use], s_fine[use])(np.clip(z, normal_z[use][0], normal_z[use][-1]))
    low, high = normal_z[use][0], normal_z[use][-1]
    h = h + np.minimum(z - low, 0.0) + np.maximum(z - high, 0.0)
    across = (ridge.points - found.mean) @ lower.T
    own = ridge.points @ ridge.along
    order = np.argsort(own)
    s = (own[order] - found.mean @ ridge.along) / sd
    side = across[order] - s[:, None] * w
    side = np.where(kept, side - np.outer(side @ w, w), 0.0)
    keep = np.concatenate([[True], np.diff(s) > 1e-9])
    r = interpolate.PchipInterpolator(s[keep], side[keep])(np.clip(h, s[0], s[-1]))
    r = np.clip(r, -LARGEST_SIDE, LARGEST_SIDE)
    share = 1.0
    while True:
        spline = interpolate.CubicSpline(z, z + share * (h - z), bc_type="natural")
        dense = spline(np.linspace(z[0], z[-1], 10 * RIDGE_CELLS + 1), 1)
        if dense.min() > LEAST_STRETCH:
            break
        share *= 0.8
    q = np.outer(share * (h - z), w) + share * r
    slopes = interpolate.CubicSpline(z, q, bc_type="natural")(z, 1) / RIDGE_NODES_PER_SD
    return w, np.ascontiguousarray(np.stack([q, slopes], axis=-1))
