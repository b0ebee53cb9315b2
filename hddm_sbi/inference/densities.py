"""Prior densities on the unconstrained scale, Jacobian included, with their derivatives, in NumPy.

For each family: u -> (x, dx/du, log p(x) + log |dx/du|, d/du of that). The map u -> x is the one of
``torch.distributions.biject_to(prior.support)``. A family that is not listed goes through torch's autograd.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td
from scipy.special import betaln, gammaln

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


class Mapped(NamedTuple):
    """Values at u, each of u's shape.

    Args:
        value: x, on the support of the prior.
        slope: dx/du.
        log_density: of u.
        log_density_slope: derivative of the log density of u.
    """

    value: FloatArray
    slope: FloatArray
    log_density: FloatArray
    log_density_slope: FloatArray


class Density(Protocol):
    """The density of unconstrained coordinates under one prior."""

    def __call__(self, u: FloatArray) -> Mapped:
        """Evaluate at u, shape (coordinates,)."""
        ...


def densities(priors: Sequence[td.Distribution]) -> list[tuple[IntArray, Density]]:
    """Densities that together cover the coordinates, one scalar prior each: (coordinates, their density).

    Coordinates of one listed family are evaluated together.
    """
    groups: dict[object, list[int]] = {}
    for at, prior in enumerate(priors):
        groups.setdefault(_family(prior) or id(prior), []).append(at)
    return [(np.array(at), _density([priors[i] for i in at])) for at in groups.values()]


def _family(prior: td.Distribution) -> str | None:
    name = type(prior).__name__
    known = type(prior).__module__.startswith(("torch.distributions", "pyro.distributions"))
    return name if name in FAMILIES and known and prior.batch_shape == torch.Size([]) else None


def _density(priors: Sequence[td.Distribution]) -> Density:
    family = _family(priors[0])
    if family is None:
        return _by_autograd(priors[0])
    names, build = FAMILIES[family]
    return build(*(np.array([float(getattr(prior, name)) for prior in priors]) for name in names))


def _real(log_density: FloatArray, slope: FloatArray, u: FloatArray) -> Mapped:
    return Mapped(u, np.ones_like(u), log_density, slope)


def _normal(loc: FloatArray, scale: FloatArray) -> Density:
    constant = -np.log(scale) - LOG_SQRT_2PI

    def density(u: FloatArray) -> Mapped:
        z = (u - loc) / scale
        return _real(constant - 0.5 * z * z, -z / scale, u)

    return density


def _student_t(df: FloatArray, loc: FloatArray, scale: FloatArray) -> Density:
    constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * math.pi) - np.log(scale)

    def density(u: FloatArray) -> Mapped:
        z = (u - loc) / scale
        return _real(constant - 0.5 * (df + 1) * np.log1p(z * z / df), -(df + 1) * z / (df + z * z) / scale, u)

    return density


def _cauchy(loc: FloatArray, scale: FloatArray) -> Density:
    return _student_t(np.ones_like(loc), loc, scale)


def _half_normal(scale: FloatArray) -> Density:
    constant = math.log(2.0) - np.log(scale) - LOG_SQRT_2PI

    def density(u: FloatArray) -> Mapped:
        x = np.exp(u)
        square = (x / scale) ** 2
        return Mapped(x, x, constant - 0.5 * square + u, 1.0 - square)

    return density


def _half_cauchy(scale: FloatArray) -> Density:
    constant = math.log(2.0 / math.pi) - np.log(scale)

    def density(u: FloatArray) -> Mapped:
        x = np.exp(u)
        square = (x / scale) ** 2
        return Mapped(x, x, constant - np.log1p(square) + u, (1.0 - square) / (1.0 + square))

    return density


def _gamma(concentration: FloatArray, rate: FloatArray) -> Density:
    constant = concentration * np.log(rate) - gammaln(concentration)

    def density(u: FloatArray) -> Mapped:
        x = np.exp(u)
        return Mapped(x, x, constant + concentration * u - rate * x, concentration - rate * x)

    return density


def _exponential(rate: FloatArray) -> Density:
    return _gamma(np.ones_like(rate), rate)


def _log_normal(loc: FloatArray, scale: FloatArray) -> Density:
    constant = -np.log(scale) - LOG_SQRT_2PI

    def density(u: FloatArray) -> Mapped:
        x, z = np.exp(u), (u - loc) / scale
        return Mapped(x, x, constant - 0.5 * z * z, -z / scale)

    return density


def _beta(a: FloatArray, b: FloatArray, low: FloatArray | float = 0.0, high: FloatArray | float = 1.0) -> Density:
    constant, width = -betaln(a, b), np.subtract(high, low)

    def density(u: FloatArray) -> Mapped:
        log_x, log_rest = -np.logaddexp(0.0, -u), -np.logaddexp(0.0, u)
        x, rest = np.exp(log_x), np.exp(log_rest)
        log_density = constant + a * log_x + b * log_rest
        return Mapped(low + width * x, width * x * rest, log_density, a * rest - b * x)

    return density


def _uniform(low: FloatArray, high: FloatArray) -> Density:
    return _beta(np.ones_like(low), np.ones_like(low), low, high)


def _by_autograd(prior: td.Distribution) -> Density:
    transform = td.biject_to(prior.support)

    def density(u: FloatArray) -> Mapped:
        with torch.enable_grad():
            at = torch.tensor(u, dtype=torch.float64, requires_grad=True)
            value = transform(at)
            log_density = _log_prob(prior, value) + transform.log_abs_det_jacobian(at, value)
            (slope,) = torch.autograd.grad(value.sum(), at, retain_graph=True)
            # 0 at: the graph reaches u even where the density is flat
            (log_density_slope,) = torch.autograd.grad(log_density.sum() + 0.0 * at.sum(), at)
        return Mapped(*(x.detach().double().numpy() for x in (value, slope, log_density, log_density_slope)))

    return density


def _log_prob(prior: td.Distribution, value: torch.Tensor) -> torch.Tensor:
    try:
        return prior.log_prob(value)
    except ValueError:  # the argument check of torch.distributions, where u overflowed
        return torch.full_like(value, -math.inf)


# the parameters of a family, as torch names them, and the density they make
FAMILIES: dict[str, tuple[tuple[str, ...], Callable[..., Density]]] = {
    "Normal": (("loc", "scale"), _normal),
    "StudentT": (("df", "loc", "scale"), _student_t),
    "Cauchy": (("loc", "scale"), _cauchy),
    "HalfNormal": (("scale",), _half_normal),
    "HalfCauchy": (("scale",), _half_cauchy),
    "Gamma": (("concentration", "rate"), _gamma),
    "Exponential": (("rate",), _exponential),
    "LogNormal": (("loc", "scale"), _log_normal),
    "Beta": (("concentration1", "concentration0"), _beta),
    "Uniform": (("low", "high"), _uniform),
}
