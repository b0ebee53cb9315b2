r"""Where the integral over a participant's effects is evaluated, for each draw of the population.

Given the population the posterior of the raw effects is nearly normal, with precision and mean

    L L' = C' H C + 1,    m = (L L')^-1 C' h

by the quadratic log likelihood of ``quadratic``. The draws tell how far that is off: r = L' (rho - m), which would be
standard normal, has a mean mu and a covariance K K' over the draws. Nodes are

    rho = m + L'^-1 (mu + K e),

with the elements of e logistic with variance 1, whose tails are longer than a normal posterior's. They are a lattice:
e = F^-1(u), u = u1 + k z / M modulo 1, for k = 0 ... M - 1 and an integer vector z that is drawn anew each time.
Whichever of them is taken as the first one, the others lie around it in the same way, so that a draw of the posterior
may be one of them (see ``integrated``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from hddm_sbi.comparison.effects import Effects
from hddm_sbi.comparison.fitted import Coefficients, FloatArray
from hddm_sbi.comparison.quadratic import Quadratic

# M, a prime, so that no element of a lattice vector has fewer different values
NODES = 17
# The scale of a logistic distribution with variance 1.
_SCALE = math.sqrt(3.0) / math.pi
# Draws that the covariance of 1 counts for, beside those from which the posterior's is estimated.
_PRIOR_DRAWS = 10.0
# A place in (0, 1) whose logit is finite.
_LEAST = 1e-15


class Nodes(NamedTuple):
    """The nodes of some draws.

    Args:
        deviations: b, shape (draws, M, participants, size).
        log_ratio: log density of the population minus that of the nodes, shape (draws, M, participants).
    """

    deviations: FloatArray
    log_ratio: FloatArray


class _Normal(NamedTuple):
    """The posterior of raw effects by the quadratic log likelihood: C, L and m."""

    factor: FloatArray
    root: FloatArray
    mean: FloatArray

    def residuals(self, deviations: FloatArray) -> FloatArray:
        """r of deviations, (draws, participants, size)."""
        raw = _solved(self.factor, deviations)
        return _times(self.root.swapaxes(-1, -2), raw - self.mean)


@dataclass(frozen=True)
class Placement:
    """How nodes are placed.

    Args:
        quadratic: the log likelihoods as quadratic functions.
        mean: mu, shape (participants, size).
        root: K, shape (participants, size, size).
    """

    quadratic: Quadratic
    mean: FloatArray
    root: FloatArray

    @property
    def effects(self) -> Effects:
        """The effects that are integrated over."""
        return self.quadratic.effects

    @cached_property
    def _log_root(self) -> FloatArray:
        return _log_determinant(self.root)

    def nodes(self, coefficients: Coefficients, rng: np.random.Generator, of_posterior: bool) -> Nodes:
        """Nodes for draws of the population.

        Args:
            coefficients: draws by site, each of shape (draws, *site shape).
            rng: for the lattices.
            of_posterior: whether the participants' effects are draws from the posterior, which are then the first node.
        """
        normal, used = _normal(self.quadratic, coefficients), self.effects.used[:, np.newaxis]
        if of_posterior:
            residual = normal.residuals(self.effects.deviations(coefficients))
            first = _solved(self.root, residual - self.mean)
        else:
            first = _SCALE * logit(np.clip(rng.random(normal.mean.shape), _LEAST, 1.0 - _LEAST))
        e = _lattices(first, rng)
        # all nodes of a participant at once: (draws, participants, M, size)
        back: FloatArray = np.asarray(np.linalg.inv(normal.root), dtype=np.float64)
        centre: FloatArray = normal.mean + _times(back.swapaxes(-1, -2), self.mean)
        raw = centre[:, :, np.newaxis] + e @ (self.root.swapaxes(-1, -2) @ back)
        population = np.where(used, -0.5 * raw**2 - 0.5 * math.log(2.0 * math.pi), 0.0).sum(axis=-1)
        placed = np.where(used, _log_logistic(e), 0.0).sum(axis=-1)
        spread = (_log_determinant(normal.root) - self._log_root)[..., np.newaxis]
        deviations = raw @ normal.factor.swapaxes(-1, -2)
        return Nodes(deviations.swapaxes(1, 2), (population - placed - spread).swapaxes(1, 2))


def place(quadratic: Quadratic, coefficients: Coefficients, at_once: int) -> Placement:
    """Nodes as the posterior's draws suggest.

    Args:
        quadratic: the log likelihoods as quadratic functions.
        coefficients: draws by site, each of shape (draws, *site shape).
        at_once: number of draws that are looked at together.
    """
    parts = []
    n = len(next(iter(coefficients.values())))
    for start in range(0, n, at_once):
        some = {site: value[start : start + at_once] for site, value in coefficients.items()}
        parts.append(_normal(quadratic, some).residuals(quadratic.effects.deviations(some)))
    residuals, used = np.concatenate(parts), quadratic.effects.used
    mean = np.where(used, residuals.mean(axis=0), 0.0)
    centred = np.where(used, residuals - mean, 0.0)
    total = np.einsum("spi,spj->pij", centred, centred) + _PRIOR_DRAWS * np.eye(used.shape[1])
    covariance = np.where(
        used[:, :, np.newaxis] & used[:, np.newaxis, :], total / (n + _PRIOR_DRAWS), np.eye(used.shape[1])
    )
    return Placement(quadratic, mean, np.linalg.cholesky(covariance))


def _normal(quadratic: Quadratic, coefficients: Coefficients) -> _Normal:
    factor = quadratic.effects.factor(coefficients)
    transposed = factor.swapaxes(-1, -2)
    precision = transposed @ quadratic.precision @ factor + np.eye(factor.shape[-1])
    root: FloatArray = np.asarray(np.linalg.cholesky(precision), dtype=np.float64)
    slope = _times(transposed, quadratic.at(coefficients))
    return _Normal(factor, root, _solved(root.swapaxes(-1, -2), _solved(root, slope)))


def _lattices(first: FloatArray, rng: np.random.Generator) -> FloatArray:
    """e of the nodes, (draws, participants, M, size), from those of the first ones."""
    steps = rng.integers(1, NODES, size=first.shape)[:, :, np.newaxis]
    u = expit(first / _SCALE)[:, :, np.newaxis] + np.arange(NODES)[:, np.newaxis] * steps / NODES
    e = _SCALE * logit(np.clip(u % 1.0, _LEAST, 1.0 - _LEAST))
    e[:, :, 0] = first
    return np.asarray(e)


def _times(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    return np.asarray((matrix @ vector[..., np.newaxis])[..., 0])


def _solved(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.solve(matrix, vector[..., np.newaxis])[..., 0])


def _log_determinant(root: FloatArray) -> FloatArray:
    """Of lower triangular matrices."""
    return np.asarray(np.log(np.einsum("...ii->...i", root)).sum(axis=-1))


def _log_logistic(e: FloatArray) -> FloatArray:
    """Log density of the logistic distribution with variance 1."""
    x = np.abs(e) / _SCALE
    return np.asarray(-x - 2.0 * np.log1p(np.exp(-x)) - math.log(_SCALE))
