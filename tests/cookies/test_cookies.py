"""The cookie factory: a trained network and the exact Poisson give one posterior, and locations shrink."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pyro.ops.stats import effective_sample_size
from sbi.neural_nets.estimators import CategoricalMassEstimator
from torch import Tensor

from tests.cookies import models
from tests.cookies.conftest import DATA

Posterior = Callable[[str, str], dict[str, Tensor]]
Cookies = tuple[Tensor, Tensor]
MODELS = ("pooled", "unpooled", "hierarchical")

# What the network may do to a posterior mean, in posterior sds, and to an sd. 50,000 simulations determine the masses
# up to a KL of .0016 (below), and three trainings from different seeds moved these means by up to .15 sd.
SHIFT = 0.25
SCALE = 0.10


def mean_error(draws: Tensor) -> Tensor:
    """Monte Carlo standard error of the mean, in sds of the posterior."""
    return effective_sample_size(draws.unsqueeze(0), chain_dim=0, sample_dim=1).rsqrt()


def test_the_script_reproduces_the_data(tmp_path: Path) -> None:
    again = tmp_path / "cookies.csv"
    subprocess.run([sys.executable, DATA.with_name("make_cookies.py"), again], check=True)
    assert again.read_text().splitlines() == DATA.read_text().splitlines()


def test_the_data_have_the_design(cookies: Cookies) -> None:
    location, chips = cookies
    assert torch.bincount(location).tolist() == [30, 30, 30, 30, 5]
    assert chips.dtype == torch.int64
    rates = torch.tensor([9.3, 6.0, 9.6, 8.9, 8.1])
    means = torch.stack([chips[location == i].double().mean() for i in range(5)])
    standard_error = torch.sqrt(rates / torch.tensor([30, 30, 30, 30, 5]))
    assert ((means - rates).abs() < 3 * standard_error).all()


@pytest.mark.slow
def test_the_estimator_learned_the_poisson(estimator: CategoricalMassEstimator) -> None:
    rate = torch.linspace(4.0, 14.0, 21, dtype=torch.float64)
    counts = torch.arange(60)
    with torch.no_grad():
        learned = models.neural(estimator)(rate.unsqueeze(-1)).log_prob(counts.unsqueeze(-1))
    exact = models.exact(rate.unsqueeze(-1)).log_prob(counts)
    kl = (exact.exp() * (exact - learned)).sum(-1)
    # 72 masses with two coefficients each, estimated from 45,000 simulations: 144 / (2 * 45,000) = .0016 at best
    assert kl.mean() < 0.005


@pytest.mark.slow
@pytest.mark.parametrize("model", ("pooled", "unpooled"))
def test_the_exact_posteriors_are_the_conjugate_ones(model: str, posterior: Posterior, cookies: Cookies) -> None:
    location, chips = cookies
    groups = [chips] if model == "pooled" else [chips[location == i] for i in range(models.N_LOCATIONS)]
    draws = posterior(model, "exact")["lam"].reshape(-1, len(groups))
    shape = torch.tensor([2.0 + int(group.sum()) for group in groups])
    rate = torch.tensor([0.2 + len(group) for group in groups])
    error = (draws.mean(0) - shape / rate) / (shape.sqrt() / rate)
    assert (error.abs() < 4 * mean_error(draws)).all()


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_both_samplers_find_one_posterior(model: str, posterior: Posterior) -> None:
    exact, neural = posterior(model, "exact"), posterior(model, "neural")
    assert exact.keys() == neural.keys()
    for name, draws in exact.items():
        sd = draws.std(0)
        shift = (neural[name].mean(0) - draws.mean(0)).abs() / sd
        error = torch.hypot(mean_error(draws), mean_error(neural[name]))
        assert (shift < SHIFT + 3 * error).all(), name
        # the sd of n normal draws has relative error 1 / sqrt(2 n); sigma's posterior has a heavier tail than that
        ratio = (neural[name].std(0) / sd).log().abs()
        assert (ratio < SCALE + 3 * error * (1.0 if name == "sigma" else 2**-0.5)).all(), name


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_reweighting_to_the_exact_likelihood_moves_little(
    model: str, posterior: Posterior, estimator: CategoricalMassEstimator, cookies: Cookies
) -> None:
    # the same draws under both likelihoods: Monte Carlo error cancels, what is left is the network's
    location, chips = cookies
    draws = posterior(model, "neural")
    lam = draws["lam"].unsqueeze(-1) if model == "pooled" else draws["lam"][:, location]
    exact = models.exact(lam).log_prob(chips).double().sum(-1)
    learned = models.neural(estimator)(lam).log_prob(chips.unsqueeze(-1)).double().sum(-1)
    weight = torch.softmax(exact - learned, 0)
    assert 1.0 / weight.square().sum() > 0.5 * len(weight)
    for name, values in draws.items():
        flat = values.double().reshape(len(values), -1)
        mean = weight @ flat
        sd = (weight @ (flat - mean).square()).sqrt()
        assert ((flat.mean(0) - mean).abs() < SHIFT * sd).all(), name
        assert ((flat.std(0) / sd).log().abs() < SCALE).all(), name


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ("exact", "neural"))
def test_the_location_with_few_cookies_shrinks_most(likelihood: str, posterior: Posterior) -> None:
    apart, together = posterior("unpooled", likelihood)["lam"], posterior("hierarchical", likelihood)["lam"]
    mu = posterior("hierarchical", likelihood)["mu"].mean()
    low, high = sorted((float(apart[:, 4].mean()), float(mu)))
    assert low < together[:, 4].mean() < high
    kept = together.std(0) / apart.std(0)
    assert kept[4] < 0.9
    assert kept[4] == kept.min()
    # of the way from its own data to mu, how far each location goes: the far ones with 30 cookies are 0 and 1
    pulled = (together.mean(0) - apart.mean(0)) / (mu - apart.mean(0))
    assert pulled[4] > pulled[:2].max()
