"""Networks of two inputs as tables: as close as they promise, refused where they would not be."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hddm_sbi import load_pretrained
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.likelihoods.neural.network_record import form_of
from hddm_sbi.likelihoods.neural.table import tabulated
from hddm_sbi.ssm import get_model
from tests.likelihoods.networks import DDM, SMALL, network, outside, thetas

PLAIN = replace(SMALL, tilted=False)


def _by_torch(estimator, rt, choice, theta):
    """Log density of each trial under its own row, and its gradient."""
    theta = torch.from_numpy(theta).requires_grad_()
    x = torch.from_numpy(np.column_stack([rt, choice]))
    log_prob = estimator.log_prob_rows(x, theta, torch.arange(len(rt)))
    (gradient,) = torch.autograd.grad(log_prob.sum(), theta)
    return log_prob.detach().numpy(), gradient.numpy()


def _compare(estimator, theta):
    """Largest difference of log densities, and of gradients in relation to the trial's largest slope."""
    rng = np.random.default_rng(3)
    theta = np.repeat(theta, 8, axis=0)
    rt = theta[:, 3] + theta[:, 1] ** 2 * rng.lognormal(-1.2, 0.7, len(theta))
    choice = rng.integers(0, 2, len(theta))
    expected, slope = _by_torch(estimator, rt, choice, theta)
    found, gradient = FirstPassageLikelihood(estimator).log_prob_grad(rt, choice, theta, np.arange(len(rt)))
    size = 1.0 + np.abs(slope).max(axis=1, keepdims=True)
    return np.abs(found - expected).max(), np.abs((gradient - slope) / size).max()


@pytest.mark.parametrize("pretrained", [False, True])
def test_a_table_is_as_close_as_it_promises(pretrained):
    estimator = load_pretrained("ddm").double() if pretrained else network(DDM, architecture=PLAIN)
    assert tabulated(estimator, form_of(estimator)) is not None
    by_value, by_slope = _compare(estimator, np.concatenate([thetas(DDM, 300), outside(DDM)]))
    assert by_value < 1e-7
    assert by_slope < 1e-6


def test_a_network_too_rough_for_the_grid_has_no_table():
    estimator = network(DDM, architecture=PLAIN)
    with torch.no_grad():
        estimator.time_net[0].weight.mul_(30.0)
    assert tabulated(estimator, form_of(estimator)) is None


@pytest.mark.parametrize("name", ["full_ddm", "angle"])
def test_networks_of_more_inputs_have_none(name):
    estimator = network(get_model(name))
    assert tabulated(estimator, form_of(estimator)) is None


def test_what_is_no_parameter_has_no_density():
    likelihood = FirstPassageLikelihood(network(DDM, architecture=PLAIN))
    theta = np.array([[np.nan, 1.0, 0.5, 0.2], [np.inf, 1.0, 0.5, 0.2], [1.0, -1.0, 0.5, 0.2], [1.0, 1.0, np.nan, 0.2]])
    log_prob = likelihood.log_prob(np.full(4, 0.7), np.zeros(4, int), theta, np.arange(4))
    assert not np.isfinite(log_prob[[0, 2, 3]]).any()
