"""sbi's mixed estimator (MNLE) in compiled form: the numbers of the estimator itself, whatever its sizes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from sbi.neural_nets.net_builders import build_mnle

from hddm_sbi.likelihoods.neural.generic import EstimatorLikelihood, draws_of
from hddm_sbi.likelihoods.neural.mixed.record import networks_of
from tests.likelihoods.driver.sums import native, trial_by_trial, trials_of
from tests.likelihoods.estimators import KINDS, make
from tests.observing import lapsing

NAMES = ("v", "t0")
WINDOW = (0.0, 5.0)


def build(n_choices: int = 3, **options):
    """An untrained estimator of (rt, choice) that depends on theta."""
    torch.manual_seed(4)
    theta = torch.randn(300, 2) * torch.tensor([2.0, 0.5]) + 0.3
    data = torch.cat([0.3 + torch.rand(300, 1), torch.randint(0, n_choices, (300, 1)).float()], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi's builders announce what they infer from the data
        estimator = build_mnle(data, theta, **options)
    for parameter in estimator.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return estimator.eval()


SIZES = {
    "default": {},
    "logarithms": {"log_transform_x": True},
    "as it is": {"z_score_x": "none", "z_score_y": "none"},
    "small": {"hidden_features": 7, "num_transforms": 1, "num_bins": 4, "hidden_layers": 1},
    "two widths": {"continuous_hidden_features": 12, "discrete_hidden_features": 9, "tail_bound": 3.0},
    "deep": {"hidden_features": 8, "hidden_layers": 3, "num_transforms": 3},
    "two options": {"n_choices": 2},
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("lapses", [False, True])
def test_sum_and_gradient_are_the_estimators(name: str, lapses: bool) -> None:
    options = SIZES[name]
    n_choices = options.get("n_choices", 3)
    estimator = build(**options).double()
    bare = EstimatorLikelihood(estimator, NAMES, n_choices)
    likelihood = lapsing(bare, WINDOW) if lapses else bare
    theta = np.random.default_rng(1).normal(size=(4, 2))
    rt, choice = draws_of(estimator, theta, 40)
    # some trials lie beyond the splines, some are equal, one row has none
    rt = np.abs(rt)
    rt[0, :3], rt[1, 5:9] = (1e-3, 30.0, 4.999), 0.7
    if lapses:
        theta = np.column_stack([theta, [0.05, 0.2, 0.5, 0.01]])
    row = np.repeat([0, 1, 3], 40)
    used = rt[[0, 1, 3]].ravel(), choice[[0, 1, 3]].ravel().astype(np.int64)
    trials = trials_of(row, *used)
    total, by_theta = native(likelihood, trials, theta)
    expected, gradient = trial_by_trial(likelihood, trials, theta)
    assert total == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(by_theta, gradient, rtol=2e-5, atol=2e-5)
    assert (by_theta[2] == 0.0).all()


def test_many_rows_are_evaluated_in_chunks() -> None:
    estimator = build().double()
    likelihood = EstimatorLikelihood(estimator, NAMES, 3)
    theta = np.random.default_rng(5).normal(size=(90, 2))
    rt, choice = draws_of(estimator, theta, 2)
    trials = trials_of(np.repeat(np.arange(90), 2), rt.ravel(), choice.ravel().astype(np.int64))
    total, by_theta = native(likelihood, trials, theta)
    expected, gradient = trial_by_trial(likelihood, trials, theta)
    assert total == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(by_theta, gradient, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_other_estimators_are_left_to_torch(kind: str) -> None:
    known = kind in ("mixed", "mixed log")
    assert (networks_of(make(kind), 3) is not None) is known


def test_a_choice_without_mass_is_impossible_without_lapses() -> None:
    likelihood = EstimatorLikelihood(build(n_choices=2), NAMES, n_choices=3)
    trials = trials_of(np.zeros(1, dtype=np.int64), np.array([0.6]), np.array([2]))
    assert native(likelihood, trials, np.zeros((1, 2)))[0] == -np.inf


def test_an_estimator_that_computes_otherwise_is_left_to_torch() -> None:
    estimator = build()
    demand = np.ones((1, 3), dtype=bool)
    assert EstimatorLikelihood(estimator, NAMES, 3).piece(demand, 1) is not None
    estimator.discrete_net.net.blocks[0].activation = torch.tanh
    assert EstimatorLikelihood(estimator, NAMES, 3).piece(demand, 1) is None
    estimator = build()
    # known by its parts, but not what these say
    forward = estimator.continuous_net.net._embedding_net[0].forward
    estimator.continuous_net.net._embedding_net[0].forward = lambda x: 1.1 * forward(x)
    assert networks_of(estimator, 3) is not None
    assert EstimatorLikelihood(estimator, NAMES, 3).piece(demand, 1) is None


def test_draws_leave_torchs_generator_alone() -> None:
    estimator = build()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    rt, choice = draws_of(estimator, np.zeros((2, 2)), 5)
    assert rt.shape == choice.shape == (2, 5)
    torch.testing.assert_close(torch.rand(3), expected)
