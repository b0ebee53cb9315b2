"""Prior densities on the unconstrained scale, Jacobian included, with their derivatives.

For each family: u -> x, dx/du, log p(x) + log |dx/du| and its derivative by u. The map u -> x is the one of
``torch.distributions.biject_to(prior.support)``. A family that is not listed goes through torch's autograd.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td
from scipy.special import betaln, gammaln

from hddm_sbi.compiled.compiling import callable_from_python

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LOG_2 = math.log(2.0)
LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)

# What compiled code knows, by the density of u that results.
NORMAL, STUDENT_T, HALF_NORMAL, HALF_CAUCHY, GAMMA, LOG_NORMAL, BETA, PARTIAL = range(8)
EXTERNAL = -1  # evaluated elsewhere: by torch
N_NUMBERS = 5  # the normalising constant and up to four parameters

# four numbers of one coordinate: x, dx/du, log density of u, its derivative
Mapped = tuple[float, float, float, float]


@callable_from_python
def density(family: int, u: float, numbers: FloatArray) -> Mapped:
    """x, dx/du, the log density of u and its derivative, for a family of this module and its numbers."""
    constant, first, second = numbers[0], numbers[1], numbers[2]
    if family == NORMAL:  # loc, scale
        z = (u - first) / second
        return u, 1.0, constant - 0.5 * z * z, -z / second
    if family == STUDENT_T:  # loc, scale, df
        z, df = (u - first) / second, numbers[3]
        return u, 1.0, constant - 0.5 * (df + 1.0) * math.log1p(z * z / df), -(df + 1.0) * z / (df + z * z) / second
    if family == LOG_NORMAL:  # loc, scale
        x, z = math.exp(u), (u - first) / second
        return x, x, constant - 0.5 * z * z, -z / second
    if family == PARTIAL:  # a partial correlation tanh(u): b
        x = math.tanh(u)
        log_cosh = abs(u) + math.log1p(math.exp(-2.0 * abs(u))) - LOG_2
        return x, 1.0 - x * x, constant - 2.0 * first * log_cosh, -2.0 * first * x
    if family == BETA:  # concentrations, then both ends
        low, width = numbers[3], numbers[4] - numbers[3]
        log_x = min(u, 0.0) - math.log1p(math.exp(-abs(u)))
        log_rest = min(-u, 0.0) - math.log1p(math.exp(-abs(u)))
        x, rest = math.exp(log_x), math.exp(log_rest)
        log_density = constant + first * log_x + second * log_rest
        return low + width * x, width * x * rest, log_density, first * rest - second * x
    x = math.exp(u)
    if family == GAMMA:  # concentration, rate
        return x, x, constant + first * u - second * x, first - second * x
    square = (x / first) ** 2
    if family == HALF_NORMAL:  # scale
        return x, x, constant - 0.5 * square + u, 1.0 - square
    # half-Cauchy: scale
    return x, x, constant - math.log1p(square) + u, (1.0 - square) / (1.0 + square)


class Encoded(NamedTuple):
    """A prior as compiled code reads it: family and numbers, the normalising constant first."""

    family: int
    numbers: tuple[float, ...]


def encode(prior: td.Distribution) -> Encoded | None:
    """The prior for ``density``; None for a family that it does not know."""
    name = type(prior).__name__
    ours = type(prior).__module__.startswith(("torch.distributions", "pyro.distributions", "hddm_sbi.spec"))
    if name not in FAMILIES or not ours or prior.batch_shape != torch.Size([]):
        return None
    parameters, build = FAMILIES[name]
    return build(*(float(getattr(prior, parameter)) for parameter in parameters))


def _normal(loc: float, scale: float) -> Encoded:
    return Encoded(NORMAL, (-math.log(scale) - LOG_SQRT_2PI, loc, scale))


def _student_t(df: float, loc: float, scale: float) -> Encoded:
    constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * math.log(df * math.pi) - math.log(scale)
    return Encoded(STUDENT_T, (constant, loc, scale, df))


def _half_normal(scale: float) -> Encoded:
    return Encoded(HALF_NORMAL, (math.log(2.0) - math.log(scale) - LOG_SQRT_2PI, scale))


def _half_cauchy(scale: float) -> Encoded:
    return Encoded(HALF_CAUCHY, (math.log(2.0 / math.pi) - math.log(scale), scale))


def _gamma(concentration: float, rate: float) -> Encoded:
    constant = concentration * math.log(rate) - gammaln(concentration)
    return Encoded(GAMMA, (constant, concentration, rate))


def _log_normal(loc: float, scale: float) -> Encoded:
    return Encoded(LOG_NORMAL, (-math.log(scale) - LOG_SQRT_2PI, loc, scale))


def _beta(a: float, b: float, low: float = 0.0, high: float = 1.0) -> Encoded:
    return Encoded(BETA, (-betaln(a, b), a, b, low, high))


def partial_correlation(b: float) -> Encoded:
    """The prior of a partial correlation r, (1 + r) / 2 ~ Beta(b, b), see ``correlations``."""
    return Encoded(PARTIAL, (-(2.0 * b - 1.0) * LOG_2 - betaln(b, b), b))


# the parameters of a family, as torch names them, and how it is encoded
FAMILIES: dict[str, tuple[tuple[str, ...], Callable[..., Encoded]]] = {
    "Normal": (("loc", "scale"), _normal),
    "StudentT": (("df", "loc", "scale"), _student_t),
    "Cauchy": (("loc", "scale"), lambda loc, scale: _student_t(1.0, loc, scale)),
    "HalfNormal": (("scale",), _half_normal),
    "HalfCauchy": (("scale",), _half_cauchy),
    "Gamma": (("concentration", "rate"), _gamma),
    "Exponential": (("rate",), lambda rate: _gamma(1.0, rate)),
    "LogNormal": (("loc", "scale"), _log_normal),
    "Beta": (("concentration1", "concentration0"), _beta),
    "ScaledBeta": (("concentration1", "concentration0", "low", "high"), _beta),
    "Uniform": (("low", "high"), lambda low, high: _beta(1.0, 1.0, low, high)),
}


class ExternalPriors:
    """Priors of families unknown to compiled code, by torch's autograd.

    Args:
        coordinates: index in u of each prior's coordinate.
        priors: distributions of one number, one for each coordinate.
    """

    def __init__(self, coordinates: Sequence[int], priors: Sequence[td.Distribution]) -> None:
        groups: dict[int, list[int]] = {}
        for at, prior in enumerate(priors):
            groups.setdefault(id(prior), []).append(at)
        self._groups = [(priors[at[0]], np.array(at), np.array(coordinates)[at]) for at in groups.values()]
        self.priors = [prior for prior, _, _ in self._groups]

    def fill(self, u: FloatArray, mapped: FloatArray) -> None:
        """Write x, dx/du, the log density of u and its derivative into ``mapped``, shape (4, priors)."""
        for prior, at, coordinates in self._groups:
            mapped[:, at] = _by_autograd(prior, u[coordinates])


def _by_autograd(prior: td.Distribution, u: FloatArray) -> FloatArray:
    transform = td.biject_to(prior.support)
    with torch.enable_grad():
        at = torch.tensor(u, dtype=torch.float64, requires_grad=True)
        value = transform(at)
        log_density = _log_prob(prior, value) + transform.log_abs_det_jacobian(at, value)
        (slope,) = torch.autograd.grad(value.sum(), at, retain_graph=True)
        # 0 at: the graph reaches u even where the density is flat
        (log_density_slope,) = torch.autograd.grad(log_density.sum() + 0.0 * at.sum(), at)
    return torch.stack([value, slope, log_density, log_density_slope]).detach().double().numpy()


def _log_prob(prior: td.Distribution, value: torch.Tensor) -> torch.Tensor:
    try:
        return prior.log_prob(value)
    except ValueError:  # the argument check of torch.distributions, where u overflowed
        return torch.full_like(value, -math.inf)
