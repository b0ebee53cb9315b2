"""The models of the talk "Pyro meets SBI", numbers for rates and counts, and what Pyro does with them."""

import warnings

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import MCMC, NUTS, SVI, Predictive, Trace_ELBO
from pyro.infer.autoguide import AutoNormal
from pyro.infer.inspect import get_model_relations
from sbi.inference import NLE
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from sbi.neural_nets.net_builders import build_categoricalmassestimator
from torch import Tensor

from hddm_sbi import SBItoPyro
from tests.cookies import models


@pytest.fixture(scope="module")
def trained() -> ConditionalDensityEstimator:
    """As ``NLE(...).train()`` returns it, with sbi's own network for counts."""
    pyro.set_rng_seed(3)
    rate = models.rate_prior().sample((2_000, 1))
    counts = torch.poisson(rate).clamp(max=25)

    def network(theta: Tensor, x: Tensor) -> ConditionalDensityEstimator:
        every = torch.arange(26.0).unsqueeze(-1)
        return build_categoricalmassestimator(
            torch.cat([x, every]), torch.cat([theta, theta[:26]]), num_categories_per_variable=torch.tensor([26])
        )

    inference = NLE(density_estimator=network, show_progress_bars=False).append_simulations(rate, counts)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Maximum number of epochs")
        return inference.train(training_batch_size=200, learning_rate=5e-3, max_num_epochs=4)


def pooled(estimator: ConditionalDensityEstimator, locations: Tensor, chips: Tensor | None = None) -> None:
    lam = pyro.sample("lam", dist.Gamma(2, 0.2))
    with pyro.plate("data", len(locations)):
        pyro.sample("obs", SBItoPyro(estimator, lam), obs=chips)


def unpooled(estimator: ConditionalDensityEstimator, locations: Tensor, chips: Tensor | None = None) -> None:
    with pyro.plate("location", 5):
        lam = pyro.sample("lam", dist.Gamma(2, 0.2))
    rate = lam[locations]
    with pyro.plate("data", len(locations)):
        pyro.sample("obs", SBItoPyro(estimator, rate), obs=chips)


def hierarchical(estimator: ConditionalDensityEstimator, locations: Tensor, chips: Tensor | None = None) -> None:
    mu = pyro.sample("mu", dist.Gamma(2, 0.2))
    sigma = pyro.sample("sigma", dist.Exponential(1))
    with pyro.plate("location", 5):
        lam = pyro.sample("lam", dist.Gamma(mu**2 / sigma**2, mu / sigma**2))
    with pyro.plate("data", len(locations)):
        pyro.sample("obs", SBItoPyro(estimator, lam[locations]), obs=chips)


MODELS = (pooled, unpooled, hierarchical)
Cookies = tuple[Tensor, Tensor]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dtype", (torch.int64, torch.float32, torch.float64))
def test_it_is_the_model_with_dimensions_of_one(
    model: object, dtype: torch.dtype, trained: ConditionalDensityEstimator, cookies: Cookies
) -> None:
    locations, chips = cookies
    pyro.set_rng_seed(1)
    trace = poutine.trace(model).get_trace(trained, locations, chips.to(dtype))
    trace.compute_log_prob()
    same = poutine.replay(getattr(models, model.__name__), trace)
    other = poutine.trace(same).get_trace(locations, chips.unsqueeze(-1), models.neural(trained))
    other.compute_log_prob()
    log_prob = trace.nodes["obs"]["log_prob"]
    assert log_prob.shape == (125,)
    torch.testing.assert_close(log_prob, other.nodes["obs"]["log_prob"])


@pytest.mark.parametrize("model", MODELS)
def test_nuts_and_prediction(model: object, trained: ConditionalDensityEstimator, cookies: Cookies) -> None:
    locations, chips = cookies
    pyro.set_rng_seed(1)
    mcmc = MCMC(NUTS(model), num_samples=20, warmup_steps=20, disable_progbar=True)
    mcmc.run(trained, locations, chips)
    draws = mcmc.get_samples()
    assert len(draws["lam"].unique(dim=0)) > 1
    predicted = Predictive(model, draws)(trained, locations)["obs"]
    assert predicted.shape == (20, 125)
    assert ((predicted >= 0) & (predicted == predicted.round())).all()


def test_pyro_draws_the_model(trained: ConditionalDensityEstimator, cookies: Cookies) -> None:
    relations = get_model_relations(hierarchical, (trained, *cookies))
    assert relations["sample_sample"]["obs"] == ["lam"]
    assert relations["observed"] == ["obs"]


def test_variational_inference(trained: ConditionalDensityEstimator, cookies: Cookies) -> None:
    pyro.clear_param_store()
    pyro.set_rng_seed(1)
    svi = SVI(hierarchical, AutoNormal(hierarchical), pyro.optim.Adam({"lr": 0.05}), Trace_ELBO())
    losses = [svi.step(trained, *cookies) for _ in range(150)]
    assert sum(losses[-10:]) < sum(losses[:10])
    assert all(parameter.grad is None for parameter in trained.parameters())
    pyro.clear_param_store()


def test_masks_and_subsamples(trained: ConditionalDensityEstimator, cookies: Cookies) -> None:
    locations, chips = cookies
    lam = torch.tensor([9.0, 6.0, 9.5, 8.9, 8.0])
    every = SBItoPyro(trained, lam[locations]).log_prob(chips)
    seen = torch.arange(125) % 3 > 0
    masked = SBItoPyro(trained, lam[locations]).mask(seen).log_prob(chips)
    torch.testing.assert_close(masked, torch.where(seen, every, torch.zeros(())))
    torch.testing.assert_close(SBItoPyro(trained, lam[locations]).to_event(1).log_prob(chips), every.sum())

    def subsampled() -> None:
        with pyro.plate("data", 125, subsample_size=20) as some:
            pyro.sample("obs", SBItoPyro(trained, lam[locations[some]]), obs=chips[some])

    pyro.set_rng_seed(1)
    trace = poutine.trace(subsampled).get_trace()
    trace.compute_log_prob()
    some = trace.nodes["data"]["value"]
    torch.testing.assert_close(trace.nodes["obs"]["unscaled_log_prob"], every[some])
    torch.testing.assert_close(trace.nodes["obs"]["log_prob"], 125 / 20 * every[some])


def test_plates_beside_each_other(trained: ConditionalDensityEstimator) -> None:
    def model(counts: Tensor | None = None) -> Tensor:
        with pyro.plate("location", 5, dim=-1):
            lam = pyro.sample("lam", dist.Gamma(2, 0.2))
            with pyro.plate("cookie", 7, dim=-2):
                return pyro.sample("obs", SBItoPyro(trained, lam), obs=counts)

    pyro.set_rng_seed(1)
    counts = model()
    assert counts.shape == (7, 5)
    trace = poutine.trace(model).get_trace(counts)
    trace.compute_log_prob()
    assert trace.nodes["obs"]["log_prob"].shape == (7, 5)
