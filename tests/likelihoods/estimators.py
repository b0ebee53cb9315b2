"""Small untrained estimators of every kind that sbi builds, and one that evaluates rows itself."""

import warnings

import torch
from sbi.neural_nets.estimators import CategoricalMADE, CategoricalMassEstimator, MixedDensityEstimator
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from sbi.neural_nets.net_builders import (
    build_categoricalmassestimator,
    build_maf,
    build_mdn,
    build_mnle,
    build_nsf,
)
from sbi.neural_nets.net_builders.flow import build_zuko_nsf
from torch import Tensor, nn
from torch.distributions import constraints

N_THETA = 2


class RowEstimator(ConditionalDensityEstimator):
    """rt - exp(theta_1) is exponential with rate exp(theta_0); like the package's own, it evaluates rows itself."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(N_THETA, N_THETA), torch.Size([1]), torch.Size([N_THETA]))
        nn.init.eye_(self.net.weight)
        nn.init.zeros_(self.net.bias)

    @property
    def support(self) -> constraints.Constraint:
        return constraints.independent(constraints.positive, 1)

    def log_prob_rows(self, input: Tensor, condition: Tensor, row: Tensor) -> Tensor:
        log_rate, log_shift = self.net(condition)[row].unbind(-1)
        excess = input[:, 0] - log_shift.exp()
        # NaN below the shift, as an estimator may
        return log_rate + 0.0 * excess.log() - log_rate.exp() * excess

    def log_prob(self, input: Tensor, condition: Tensor) -> Tensor:
        raise AssertionError("log_prob_rows is there to be used")

    def loss(self, input: Tensor, condition: Tensor) -> Tensor:
        raise NotImplementedError

    def sample(self, sample_shape: torch.Size, condition: Tensor) -> Tensor:
        log_rate, log_shift = self.net(condition).unbind(-1)
        shape = (*sample_shape, len(condition))
        draws = log_shift.exp() + torch.empty(shape).exponential_() / log_rate.exp()
        return draws.unsqueeze(-1)


def make(kind: str) -> ConditionalDensityEstimator:
    """An untrained estimator, seeded, with theta of two elements."""
    torch.manual_seed(3)
    theta = torch.randn(400, N_THETA)
    rt, choice = 0.3 + torch.rand(400, 1), torch.randint(0, 3, (400, 1)).float()
    # counts with a gap at 4: sbi reads an unseen 4 as a 5
    counts = torch.tensor([0.0, 1.0, 2.0, 3.0, 5.0])[torch.randint(0, 5, (400, 1))]
    none = {"z_score_x": "none"}
    builders = {
        "row": lambda: RowEstimator(),
        "nsf": lambda: build_nsf(rt, theta, num_transforms=2),
        "nsf 2d": lambda: build_nsf(torch.cat([rt, -rt + choice], 1), theta, num_transforms=2),
        "maf": lambda: build_maf(torch.cat([rt, -rt + choice], 1), theta, num_transforms=2),
        "mdn": lambda: build_mdn(rt, theta, num_components=2),
        "zuko": lambda: build_zuko_nsf(rt, theta, num_transforms=2),
        "counts": lambda: build_categoricalmassestimator(counts, theta, **none),
        "two counts": lambda: build_categoricalmassestimator(torch.cat([counts, choice], 1), theta, **none),
        "codes": lambda: CategoricalMassEstimator(
            CategoricalMADE(torch.tensor([5]), 10, num_context_features=N_THETA), torch.Size([1]), torch.Size([N_THETA])
        ),
        "mixed": lambda: build_mnle(torch.cat([rt, choice], 1), theta),
        "mixed log": lambda: build_mnle(torch.cat([rt, choice], 1), theta, log_transform_x=True),
        "mixed zuko": lambda: build_mnle(torch.cat([rt, choice], 1), theta, flow_model="zuko_nsf"),
        "mixed two": lambda: build_mnle(torch.cat([rt, counts, choice], 1), theta),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi's builders announce what they infer from the data
        estimator = builders[kind]()
    # untrained networks hardly depend on theta: let them
    for parameter in estimator.parameters() if kind != "row" else ():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return estimator.eval()


KINDS = ("row", "nsf", "nsf 2d", "maf", "mdn", "zuko", "counts", "two counts", "codes", "mixed", "mixed log")
KINDS += ("mixed zuko", "mixed two")
SCALARS = ("row", "nsf", "mdn", "zuko", "counts", "codes")


def values(estimator: ConditionalDensityEstimator, *shape: int) -> Tensor:
    """Data that the estimator gives a density."""
    torch.manual_seed(5)
    rt = 0.4 + 0.8 * torch.rand(*shape, 1, dtype=torch.float64)
    width = estimator.input_shape[0]
    if isinstance(estimator, RowEstimator):
        return 20.0 + rt
    if isinstance(estimator, CategoricalMassEstimator):
        return torch.randint(0, 3, (*shape, width))
    if isinstance(estimator, MixedDensityEstimator):
        return torch.cat([rt, torch.randint(0, 3, (*shape, width - 1)).to(rt)], -1)
    return torch.cat([rt] * width, -1) * torch.linspace(1.0, 0.5, width, dtype=torch.float64)


def naive(estimator: ConditionalDensityEstimator, value: Tensor, theta: Tensor) -> Tensor:
    """sbi's own log density, trial by trial: value (n, *event), theta (n, *condition)."""
    if isinstance(estimator, RowEstimator):
        return estimator.log_prob_rows(value, theta, torch.arange(len(theta)))
    dtype = next(estimator.parameters()).dtype
    return estimator.log_prob(value.to(dtype).unsqueeze(0), theta.to(dtype)).squeeze(0)
