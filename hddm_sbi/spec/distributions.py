"""Prior distributions as data: checked, in float64, and in words."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributions as td
from torch.distributions import constraints

from hddm_sbi.errors import ModelError


def number(value: float) -> torch.Tensor:
    """A float64 scalar, so that priors never fall back on torch's default float32."""
    return torch.tensor(value, dtype=torch.float64)


def normal(loc: float, scale: float) -> td.Distribution:
    """Normal distribution, float64."""
    return td.Normal(number(loc), number(scale))


def half_normal(scale: float) -> td.Distribution:
    """Half-normal distribution, float64."""
    return td.HalfNormal(number(scale))


def log_normal(loc: float, scale: float) -> td.Distribution:
    """Log-normal distribution with ``loc`` and ``scale`` of the logarithm, float64."""
    return td.LogNormal(number(loc), number(scale))


def beta(mean: float, sd: float, low: float = 0.0, high: float = 1.0) -> td.Distribution:
    """Beta distribution between two ends by its mean and standard deviation, float64."""
    place = (mean - low) / (high - low)
    total = place * (1.0 - place) / (sd / (high - low)) ** 2 - 1.0
    if (low, high) == (0.0, 1.0):
        return td.Beta(number(place * total), number((1.0 - place) * total))
    return ScaledBeta(place * total, (1.0 - place) * total, low, high)


class ScaledBeta(td.TransformedDistribution):
    """A beta distribution between other ends than 0 and 1, float64.

    Args:
        concentration1, concentration0: of the beta distribution.
        low, high: the ends.
    """

    arg_constraints: dict[str, constraints.Constraint] = {  # noqa: RUF012 (torch declares it so)
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
        "low": constraints.real,
        "high": constraints.real,
    }

    def __init__(self, concentration1: float, concentration0: float, low: float, high: float) -> None:
        self.concentration1, self.concentration0 = number(concentration1), number(concentration0)
        self.low, self.high = number(low), number(high)
        base = td.Beta(self.concentration1, self.concentration0)
        super().__init__(base, [td.AffineTransform(self.low, self.high - self.low)])

    @property
    def support(self) -> constraints.Constraint:
        """Between the ends."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> torch.Tensor:
        """Of the values."""
        return self.low + (self.high - self.low) * self.base_dist.mean

    @property
    def variance(self) -> torch.Tensor:
        """Of the values."""
        return (self.high - self.low) ** 2 * self.base_dist.variance


def uniform(low: float, high: float) -> td.Distribution:
    """Uniform distribution, float64."""
    return td.Uniform(number(low), number(high))


def checked_prior(name: str, prior: Any) -> td.Distribution:
    """A user's prior in float64.

    Args:
        name: the variable it is for, for messages.
        prior: a continuous distribution of one number, of torch or Pyro.

    Raises:
        ModelError: not such a distribution.
    """
    if not isinstance(prior, td.Distribution):
        raise ModelError(
            f"the prior of '{name}' must be a distribution of torch or Pyro, such as torch.distributions.Normal(0, 1), "
            f"not {prior!r}."
        )
    if prior.batch_shape != torch.Size() or prior.event_shape != torch.Size():
        raise ModelError(
            f"the prior of '{name}' has shape {tuple(prior.batch_shape + prior.event_shape)}; give the distribution of "
            "a single coefficient, it serves all levels of the term."
        )
    support = _support(name, prior)
    if support.is_discrete:
        raise ModelError(f"the prior of '{name}' is discrete ({in_words(prior)}); give a continuous distribution.")
    return as_float64(prior)


def _support(name: str, prior: td.Distribution) -> constraints.Constraint:
    support = prior.support
    if support is None:
        raise ModelError(f"the prior of '{name}', {in_words(prior)}, has no support that can be sampled.")
    return support


def check_within(name: str, prior: td.Distribution, low: float, high: float, meaning: str) -> None:
    """Refuse a prior that reaches outside [low, high].

    Raises:
        ModelError: it does; ``meaning`` says what the variable is.
    """
    outside = [low - step for step in (1e-3, 1.0, 1e3)] + [high + step for step in (1e-3, 1.0, 1e3)]
    values = torch.tensor([value for value in outside if abs(value) != float("inf")], dtype=torch.float64)
    assert prior.support is not None
    if bool(prior.support.check(values).any()):
        bounds = "positive" if high == float("inf") else f"between {low:g} and {high:g}"
        raise ModelError(
            f"the prior of '{name}', {in_words(prior)}, allows values that are not {bounds}, but it is {meaning}."
        )


def as_float64(distribution: td.Distribution) -> td.Distribution:
    """The same distribution with float64 parameters, where its family can be rebuilt from them."""
    family: Any = type(distribution)
    if isinstance(distribution, td.TransformedDistribution) and family.__name__ == "TransformedDistribution":
        return family(as_float64(distribution.base_dist), distribution.transforms)
    parameters = _parameters(distribution)
    if not parameters or all(value.dtype == torch.float64 for value in parameters.values()):
        return distribution
    try:
        return family(**{name: value.detach().double() for name, value in parameters.items()})
    except TypeError:  # a family whose constructor does not take its own parameters
        return distribution


def _parameters(distribution: td.Distribution) -> dict[str, torch.Tensor]:
    try:
        names = distribution.arg_constraints
    except NotImplementedError:
        return {}
    values = {name: getattr(distribution, name, None) for name in names}
    return {name: value for name, value in values.items() if isinstance(value, torch.Tensor)}


def in_words(distribution: td.Distribution) -> str:
    """The distribution as text: ``Normal(0, 2)``, parameters in the constructor's order."""
    parameters = _parameters(distribution)
    if not parameters or any(value.numel() != 1 for value in parameters.values()):
        return type(distribution).__name__
    order = {"df": 0, "loc": 1, "low": 3, "scale": 2, "high": 4, "concentration1": 1, "concentration0": 2}
    names = sorted(parameters, key=lambda name: order.get(name, 1))
    return f"{type(distribution).__name__}({', '.join(f'{float(parameters[name]) + 0.0:.4g}' for name in names)})"


def eta_of(variable: str, prior: Any, size: int) -> float:
    """The shape eta of a prior that the user gave for a correlation matrix: a number, LKJ or LKJCholesky.

    Raises:
        ModelError: it is neither, or not positive, or for a matrix of another size.
    """
    advice = f'give eta as a number, priors={{"{variable}": 2.0}}, or torch.distributions.LKJCholesky({size}, 2.0)'
    if isinstance(prior, int | float) and not isinstance(prior, bool):
        eta = float(prior)
    elif type(prior).__name__ in ("LKJ", "LKJCholesky"):
        eta = float(prior.concentration)
        if prior.dim != size:
            raise ModelError(
                f"the prior of '{variable}' is for {prior.dim} effects, but {size} are correlated; {advice}."
            )
    else:
        raise ModelError(f"the prior of '{variable}', a correlation matrix, is {prior!r}; {advice}.")
    if not 0.0 < eta < float("inf"):
        raise ModelError(f"the prior of '{variable}' has eta = {eta:g}, which must be positive; {advice}.")
    return eta
