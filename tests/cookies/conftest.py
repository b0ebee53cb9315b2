"""The cookie data, an estimator trained with sbi on simulated cookies, and the posteriors of the three models."""

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyro
import pytest
import torch
from pyro.infer import MCMC, NUTS
from sbi.inference import NLE
from sbi.neural_nets.estimators import CategoricalMADE, CategoricalMassEstimator
from torch import Tensor, nn

from tests.cookies import models

DATA = Path(__file__).parents[2] / "data" / "cookies.csv"
N_SIMULATIONS = 50_000


class LogRate(nn.Module):
    """A rate is positive: the network sees it and its logarithm, both standardised."""

    def __init__(self, rate: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", self.features(rate).mean(0))
        self.register_buffer("sd", self.features(rate).std(0))

    @staticmethod
    def features(rate: Tensor) -> Tensor:
        return torch.cat([rate, torch.log(rate)], -1)

    def forward(self, rate: Tensor) -> Tensor:
        return (self.features(rate) - self.mean) / self.sd


def mass_estimator(n_categories: int) -> Callable[[Tensor, Tensor], CategoricalMassEstimator]:
    """A builder for sbi: masses of the counts 0, 1, ..., n_categories - 1 given the rate.

    sbi's own builder takes the counts from the training split, and fails on a count that only the validation split has.
    """

    def build(theta: Tensor, x: Tensor) -> CategoricalMassEstimator:
        net = CategoricalMADE(
            num_categories=torch.tensor([n_categories]),
            num_hidden_features=32,
            num_context_features=2,
            num_blocks=0,
            embedding_net=LogRate(theta),
        )
        return CategoricalMassEstimator(net, input_shape=x[0].shape, condition_shape=theta[0].shape)

    return build


def train(n_simulations: int, seed: int) -> CategoricalMassEstimator:
    """Neural likelihood estimation of the number of chips given the rate, in sbi's own training loop."""
    pyro.set_rng_seed(seed)
    rate = models.rate_prior().sample((n_simulations, 1))
    chips = torch.poisson(rate)
    inference = NLE(density_estimator=mass_estimator(int(chips.max()) + 1), show_progress_bars=False)
    inference.append_simulations(rate, chips)
    # smaller steps on larger batches: the noise of the last updates would be a bias of the posterior
    for learning_rate, batch, n_epochs in ((1e-2, 500, 8), (3e-3, 2000, 6), (1e-3, 5000, 4)):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Maximum number of epochs")
            estimator = inference.train(training_batch_size=batch, learning_rate=learning_rate, max_num_epochs=n_epochs)
    return estimator.eval()


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """These tensors are tiny: more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def estimator() -> CategoricalMassEstimator:
    return train(N_SIMULATIONS, seed=1)


@pytest.fixture(scope="package")
def cookies() -> tuple[Tensor, Tensor]:
    """Index of the location, and number of chips, of each cookie."""
    table = torch.from_numpy(np.loadtxt(DATA, delimiter=",", skiprows=1, dtype=np.int64))
    return table[:, 0] - 1, table[:, 1]


@pytest.fixture(scope="package")
def posterior(
    estimator: CategoricalMassEstimator, cookies: tuple[Tensor, Tensor]
) -> Callable[[str, str], dict[str, Tensor]]:
    """Posterior draws of a model, (draws, ...) for each variable, by Pyro's NUTS; each is sampled once."""
    likelihoods = {"exact": models.exact, "neural": models.neural(estimator)}

    @cache
    def sample(model: str, likelihood: str) -> dict[str, Tensor]:
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        kernel = NUTS(getattr(models, model))
        mcmc = MCMC(kernel, num_samples=500, warmup_steps=250, disable_progbar=True)
        mcmc.run(*cookies, likelihoods[likelihood])
        return mcmc.get_samples()

    return sample
