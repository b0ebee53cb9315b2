"""Routes from draws of the posterior under the stated prior to the density of a linear contrast, under any prior.

- ``Conjugate``: given the groups the coefficients are Gaussian; the mean of that density over draws is exact but for
  Monte Carlo error (Gelfand & Smith 1990, JASA 85, 398-409; Chib 1995, JASA 90, 1313-1321).
- ``SinglePrior``: a single coefficient with any prior; the same, normalised by quadrature.
- ``Smoothed``: no groups hold the coefficients. A log-quadratic density is fitted to the draws near the point (local
  likelihood, Loader 1996, Annals of Statistics 24, 1602-1618), which is exact where the posterior is Gaussian.

Under another prior the draws have weights: in the first two the ratio of what the groups say on average over either
prior, in the third the ratio of the priors.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from hddm_sbi.results.contrasts.asked import FloatArray
from hddm_sbi.results.contrasts.coefficients import GivenGroups
from hddm_sbi.results.contrasts.prior import Prior, log_prob

_LOG_ROOT_2_PI = 0.5 * math.log(2.0 * math.pi)


class Route(ABC):
    """A way from draws to the density of a contrast."""

    @abstractmethod
    def log_weights(self, prior: Prior) -> FloatArray:
        """Weights of the draws under another prior, up to a constant, shape (draws,)."""

    @abstractmethod
    def moments(self, prior: Prior, points: FloatArray) -> FloatArray:
        """What is averaged over draws, shape (quantities, draws, points): of the first one each draw's part in all."""

    @abstractmethod
    def density(self, means: FloatArray) -> FloatArray:
        """The density from the averages: (quantities, ..., points) -> (..., points)."""

    @property
    @abstractmethod
    def values(self) -> FloatArray:
        """The draws of the contrast, shape (draws,)."""


@dataclass(frozen=True)
class Conjugate(Route):
    """Gaussian given the groups: constant + weights x beta.

    Args:
        given: what the groups say of the coefficients.
        stated: the prior under which the draws were made.
        constant, weights: of the contrast; weights of shape (columns,).
    """

    given: GivenGroups
    stated: Prior
    constant: float
    weights: FloatArray

    def _solved(self, prior: Prior) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean and variance of the contrast, and the log of what the groups say on average, each (draws,)."""
        inverse = np.linalg.inv(prior.covariance)
        q = self.given.precision + inverse
        right = self.given.shift + inverse @ prior.mean
        solved = np.linalg.solve(q, np.stack([right, np.broadcast_to(self.weights, right.shape)], axis=-1))
        mean = self.constant + solved[..., 0] @ self.weights
        said = 0.5 * (np.einsum("dp,dp->d", right, solved[..., 0]) - np.linalg.slogdet(q)[1])
        said += 0.5 * (np.linalg.slogdet(inverse)[1] - prior.mean @ inverse @ prior.mean)
        return mean, solved[..., 1] @ self.weights, said

    def log_weights(self, prior: Prior) -> FloatArray:
        """See ``Route``."""
        return self._solved(prior)[2] - self._solved(self.stated)[2]

    def moments(self, prior: Prior, points: FloatArray) -> FloatArray:
        """See ``Route``."""
        mean, variance, _ = (x[:, np.newaxis] for x in self._solved(prior))
        density = np.exp(-0.5 * (points - mean) ** 2 / variance - _LOG_ROOT_2_PI) / np.sqrt(variance)
        return density[np.newaxis]

    def density(self, means: FloatArray) -> FloatArray:
        """See ``Route``."""
        return means[0]

    @property
    def values(self) -> FloatArray:
        """See ``Route``."""
        return self.constant + self.given.beta @ self.weights


# Quadrature over 10 standard deviations of what the groups say, to either side.
_GRID = np.linspace(-10.0, 10.0, 1001)


@dataclass(frozen=True)
class SinglePrior(Route):
    """A single coefficient with any prior, given the groups: constant + weight x beta."""

    given: GivenGroups
    stated: Prior
    constant: float
    weight: float

    def _said(self) -> tuple[FloatArray, FloatArray]:
        """Mean and sd of the coefficient by the groups alone, each (draws, 1)."""
        precision = self.given.precision[:, :, 0]
        return self.given.shift / precision, precision**-0.5

    def _log_average(self, prior: Prior) -> FloatArray:
        """Log of the mean over the prior of what the groups say, (draws,)."""
        assert prior.single is not None
        mean, sd = self._said()
        log = log_prob(prior.single, mean + sd * _GRID) - 0.5 * _GRID**2
        top = log.max(axis=1, keepdims=True)
        return np.log(np.trapezoid(np.exp(log - top), _GRID, axis=1)) + top[:, 0] + np.log(sd[:, 0])

    def log_weights(self, prior: Prior) -> FloatArray:
        """See ``Route``."""
        return self._log_average(prior) - self._log_average(self.stated)

    def moments(self, prior: Prior, points: FloatArray) -> FloatArray:
        """See ``Route``."""
        assert prior.single is not None
        mean, sd = self._said()
        beta = (points - self.constant) / self.weight
        log = log_prob(prior.single, beta) - 0.5 * ((beta - mean) / sd) ** 2
        return (np.exp(log - self._log_average(prior)[:, np.newaxis]) / abs(self.weight))[np.newaxis]

    def density(self, means: FloatArray) -> FloatArray:
        """See ``Route``."""
        return means[0]

    @property
    def values(self) -> FloatArray:
        """See ``Route``."""
        return self.constant + self.weight * self.given.beta[:, 0]


@dataclass(frozen=True)
class Smoothed(Route):
    """The draws of the contrast themselves.

    Args:
        drawn: the contrast, shape (draws,).
        beta: its coefficients, shape (draws, columns).
        stated: the prior under which they were made.
    """

    drawn: FloatArray
    beta: FloatArray
    stated: Prior

    @property
    def values(self) -> FloatArray:
        """See ``Route``."""
        return self.drawn

    def _log_prior(self, prior: Prior) -> FloatArray:
        if prior.single is not None:
            return log_prob(prior.single, self.beta[:, 0])
        away = self.beta - prior.mean
        distance = np.einsum("dp,dp->d", away, np.linalg.solve(prior.covariance, away.T).T)
        return -0.5 * (distance + np.linalg.slogdet(prior.covariance)[1])

    def log_weights(self, prior: Prior) -> FloatArray:
        """See ``Route``."""
        return self._log_prior(prior) - self._log_prior(self.stated)

    @property
    def _width(self) -> float:
        """Of the kernel; any is unbiased for a Gaussian posterior, and half its sd follows others closely enough."""
        return 0.5 * float(self.values.std())

    def moments(self, prior: Prior, points: FloatArray) -> FloatArray:
        """See ``Route``."""
        t = (self.values[:, np.newaxis] - points) / self._width
        kernel = np.exp(-0.5 * t**2 - _LOG_ROOT_2_PI) / self._width
        return np.stack([kernel, kernel * t, kernel * t**2])

    def density(self, means: FloatArray) -> FloatArray:
        """See ``Route``."""
        # near the point log f(t) = log f(0) + b t + c t^2, so that kernel x f is Gaussian in t with this mean and
        # variance v, 1 / v = 1 - 2 c, and integrates to f(0) sqrt(v) exp(mean^2 / (2 v))
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = means[1] / means[0]
            variance = means[2] / means[0] - mean**2
            return means[0] * np.exp(-0.5 * mean**2 / variance) / np.sqrt(variance)
