"""A prior that was written as a name and numbers is the same prior."""

import json

import pyro.distributions as pyro_distributions
import pytest
import torch
import torch.distributions as td

from hddm_sbi.errors import DataError
from hddm_sbi.results.saving.distributions import WRITABLE, read_distribution, written_distribution
from hddm_sbi.spec.distributions import ScaledBeta

PRIORS = [
    td.Normal(0.1, 2.0),
    td.HalfNormal(1.5),
    td.LogNormal(-0.3, 0.7),
    td.StudentT(4.0, 0.5, 2.0),
    td.Cauchy(0.0, 2.5),
    td.HalfCauchy(0.7),
    td.Laplace(0.2, 0.9),
    td.Gumbel(0.3, 1.2),
    td.Uniform(0.2, 3.0),
    td.Beta(2.0, 7.0),
    ScaledBeta(2.0, 3.0, 1.0, 4.0),
    td.Kumaraswamy(2.0, 3.0),
    td.Gamma(2.0, 3.0),
    td.InverseGamma(3.0, 2.0),
    td.Exponential(1.7),
    td.Chi2(torch.tensor(5.0)),
    td.Weibull(1.2, 2.0),
    td.Pareto(1.0, 3.0),
    td.LKJCholesky(3, 2.0),
]


def _read_again(prior: td.Distribution) -> td.Distribution:
    return read_distribution(json.loads(json.dumps(written_distribution(prior))))


def test_every_family_that_can_be_written_is_tried() -> None:
    assert {type(prior).__name__ for prior in PRIORS} == set(WRITABLE)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
def test_a_prior_comes_back_in_full_precision(prior: td.Distribution) -> None:
    again = _read_again(prior)
    assert type(again) is type(prior)
    for name in prior.arg_constraints:
        before, after = torch.as_tensor(getattr(prior, name)), torch.as_tensor(getattr(again, name))
        assert after.dtype == torch.float64 and torch.equal(before.double(), after), name


def test_a_prior_of_pyro_comes_back_as_that_of_torch() -> None:
    again = _read_again(pyro_distributions.Normal(0.5, 2.0))
    assert type(again) is td.Normal
    assert again.log_prob(torch.tensor(0.3, dtype=torch.float64)) == pytest.approx(-1.617, abs=1e-3)


class Normal(td.Normal):
    """Of the same name, and another thing."""


@pytest.mark.parametrize(
    "prior",
    [
        Normal(0.0, 1.0),
        td.TransformedDistribution(td.Normal(0.0, 1.0), [td.ExpTransform()]),
        td.Normal(torch.zeros(2), 1.0),
    ],
    ids=["a class of one's own", "a transformed one", "several numbers"],
)
def test_what_the_list_does_not_have_is_not_written(prior: td.Distribution) -> None:
    assert written_distribution(prior) is None


def test_a_family_that_is_not_in_the_list_is_not_read() -> None:
    with pytest.raises(DataError, match="a prior of the family 'Mixture', which is none of Normal"):
        read_distribution({"family": "Mixture"})
