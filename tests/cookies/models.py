"""The cookie factory's three models: one likelihood of counts given rates, three ideas of how locations differ.

Each takes the likelihood as a function from rates (one for each cookie) to a distribution, so that the exact Poisson
and a trained network stand in the very same model.
"""

from collections.abc import Callable

import pyro
import pyro.distributions as dist
from pyro.distributions import TorchDistribution
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from torch import Tensor

from hddm_sbi.likelihoods.neural.sbi_distribution import SBItoPyro

Likelihood = Callable[[Tensor], TorchDistribution]

N_LOCATIONS = 5


def exact(rate: Tensor) -> TorchDistribution:
    """Counts are Poisson."""
    return dist.Poisson(rate)


def neural(estimator: ConditionalDensityEstimator) -> Likelihood:
    """Counts have the law the estimator learned from simulations."""

    def likelihood(rate: Tensor) -> TorchDistribution:
        return SBItoPyro(estimator, rate.unsqueeze(-1))

    return likelihood


def rate_prior() -> TorchDistribution:
    """Chips per cookie before any is counted: mean 10, sd 7."""
    return dist.Gamma(2.0, 0.2)


def pooled(location: Tensor, chips: Tensor | None, likelihood: Likelihood) -> None:
    """All locations share one rate."""
    lam = pyro.sample("lam", rate_prior())
    with pyro.plate("cookie", len(location)):
        pyro.sample("obs", likelihood(lam), obs=chips)


def unpooled(location: Tensor, chips: Tensor | None, likelihood: Likelihood) -> None:
    """Each location has its own rate and tells nothing about the others."""
    with pyro.plate("location", N_LOCATIONS):
        lam = pyro.sample("lam", rate_prior())
    with pyro.plate("cookie", len(location)):
        pyro.sample("obs", likelihood(lam[..., location]), obs=chips)


def hierarchical(location: Tensor, chips: Tensor | None, likelihood: Likelihood) -> None:
    """The locations' rates vary around mu with standard deviation sigma."""
    mu = pyro.sample("mu", rate_prior())
    sigma = pyro.sample("sigma", dist.Exponential(1.0))
    with pyro.plate("location", N_LOCATIONS):
        lam = pyro.sample("lam", dist.Gamma(mu**2 / sigma**2, mu / sigma**2))
    with pyro.plate("cookie", len(location)):
        pyro.sample("obs", likelihood(lam[..., location]), obs=chips)
