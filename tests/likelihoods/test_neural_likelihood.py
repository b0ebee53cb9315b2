"""Networks as likelihoods for sampling: compiled and generic ones equal the torch estimator, gradients included."""

import numpy as np
import pytest
import torch

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.generic import EstimatorLikelihood
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm import SSM
from tests.likelihoods.networks import ALL_MODELS, DDM, MODELS, RACE, network, outside, thetas

Trials = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _trials(ssm: SSM, estimator: FirstPassageEstimator, each: int = 20) -> Trials:
    """Trials inside and outside the box, drawn from the estimator, rows in no order."""
    theta = np.concatenate([thetas(ssm, 8), outside(ssm)])
    torch.manual_seed(5)
    draws = estimator.sample((each,), torch.from_numpy(theta)).reshape(-1, 2).numpy()
    # networks with random weights may have jumps come sooner than what rt resolves
    shift = estimator.canonical.reduce(torch.from_numpy(theta)).shift.numpy()
    draws[:, 0] = np.maximum(draws[:, 0], np.tile(shift, each) + 1e-6)
    row = np.tile(np.arange(len(theta)), each)
    order = np.random.default_rng(6).permutation(len(row))
    return draws[order, 0], draws[order, 1].astype(np.int64), theta, row[order]


def _by_autograd(estimator: FirstPassageEstimator, trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    rt, choice, theta, row = trials
    by_trial = torch.from_numpy(theta[row]).requires_grad_()
    x = torch.from_numpy(np.column_stack([rt, choice]))
    log_prob = estimator.log_prob_rows(x, by_trial, torch.arange(len(rt)))
    (gradient,) = torch.autograd.grad(log_prob[torch.isfinite(log_prob)].sum(), by_trial)
    return log_prob.detach().numpy(), gradient.numpy()


def _likelihood(estimator: FirstPassageEstimator, ssm: SSM, kind: str) -> Density:
    if kind == "compiled":
        return FirstPassageLikelihood(estimator)
    return EstimatorLikelihood(estimator, ssm.parameter_names, ssm.n_choices)


@pytest.mark.parametrize("kind", ["compiled", "generic"])
@pytest.mark.parametrize("ssm", ALL_MODELS, ids=lambda ssm: ssm.name)
def test_log_prob_and_gradient_equal_the_torch_estimator(ssm: SSM, kind: str) -> None:
    estimator = network(ssm)
    likelihood = _likelihood(estimator, ssm, kind)
    assert likelihood.parameters == ssm.parameter_names
    assert likelihood.n_choices == ssm.n_choices
    trials = _trials(ssm, estimator)
    expected, slope = _by_autograd(estimator, trials)
    assert np.all(np.isfinite(expected))
    log_prob, gradient = likelihood.log_prob_grad(*trials)
    np.testing.assert_allclose(likelihood.log_prob(*trials), expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(log_prob, expected, rtol=1e-8, atol=1e-8)
    # relative to the size of the trial's gradient: a component may cancel
    size = np.abs(slope).max(axis=1, keepdims=True)
    assert np.max(np.abs(gradient - slope) / (size + 1.0)) < 1e-6


@pytest.mark.parametrize("ssm", ALL_MODELS, ids=lambda ssm: ssm.name)
def test_the_gradient_matches_finite_differences(ssm: SSM) -> None:
    likelihood = FirstPassageLikelihood(network(ssm))
    theta = thetas(ssm, 6)
    names = list(ssm.parameter_names)
    # before boundaries that meet do so
    decision = 0.02 if ssm.name in ("angle", "weibull") else 0.4
    rt, choice = theta[:, names.index("t0")] + decision, np.arange(6) % ssm.n_choices
    row = np.arange(6)
    _, gradient = likelihood.log_prob_grad(rt, choice, theta, row)
    for j in range(len(names)):
        step = np.zeros_like(theta)
        step[:, j] = 1e-5 * np.maximum(1e-2, np.abs(theta[:, j]))
        up, down = (
            likelihood.log_prob(rt, choice, theta + step, row),
            likelihood.log_prob(rt, choice, theta - step, row),
        )
        difference = (up - down) / (2.0 * step[:, j])
        np.testing.assert_allclose(gradient[:, j], difference, rtol=1e-4, atol=1e-4)


def _impossible(ssm: SSM) -> Trials:
    theta = thetas(ssm, 2)
    t0 = theta[0, list(ssm.parameter_names).index("t0")]
    rt = np.array([0.0, -1.0, np.nan, np.inf, -np.inf, t0 + 1, t0 + 1, 1e-320, t0 + 1.0, 1e300])
    choice = np.array([0, 1, 0, 1, 0, -1, ssm.n_choices, 0, 1, 0])
    return rt, choice, theta, np.zeros(len(rt), dtype=np.int64)


@pytest.mark.parametrize("kind", ["compiled", "generic"])
@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_impossible_trials_are_minus_infinity_with_zero_gradient_never_nan(ssm: SSM, kind: str) -> None:
    estimator = network(ssm)
    likelihood = _likelihood(estimator, ssm, kind)
    trials = _impossible(ssm)
    log_prob, gradient = likelihood.log_prob_grad(*trials)
    assert np.array_equal(log_prob, likelihood.log_prob(*trials))
    assert not np.any(np.isnan(log_prob))
    assert np.all(log_prob < np.inf)
    assert np.all(log_prob[:7] == -np.inf)
    assert np.isfinite(log_prob[8])
    assert np.all(np.isfinite(gradient))
    assert np.all(gradient[log_prob == -np.inf] == 0.0)


def test_at_the_shift_and_just_above_it() -> None:
    likelihood = FirstPassageLikelihood(network(DDM))
    theta = np.array([[0.5, 1.5, 0.5, 0.3]])
    rt = np.array([0.3, np.nextafter(0.3, 1.0), 0.3 + 1e-9, 0.3 + 1e-4, 0.31])
    log_prob, gradient = likelihood.log_prob_grad(rt, np.ones(5, dtype=np.int64), theta, np.zeros(5, dtype=np.int64))
    assert log_prob[0] == -np.inf
    assert np.all(np.diff(log_prob[1:]) > 0)
    assert np.all(np.isfinite(gradient))


def test_extreme_parameters_never_give_nan() -> None:
    likelihood = FirstPassageLikelihood(network(DDM))
    theta = np.array(
        [[v, a, z, 0.3] for v in (-1e3, 0.0, 1e3) for a in (1e-6, 1.0, 1e4) for z in (1e-12, 0.5, 1 - 1e-12)]
    )
    row = np.repeat(np.arange(len(theta)), 2)
    choice = np.tile([0, 1], len(theta))
    log_prob, gradient = likelihood.log_prob_grad(np.full(len(row), 1.0), choice, theta, row)
    assert not np.any(np.isnan(log_prob))
    assert np.all(np.isfinite(gradient))


def test_rows_are_looked_up_not_assumed_in_order() -> None:
    for likelihood in (
        FirstPassageLikelihood(network(RACE)),
        EstimatorLikelihood(network(RACE), RACE.parameter_names, 3),
    ):
        theta = thetas(RACE, 700)  # more rows than are evaluated together
        row = np.random.default_rng(2).integers(0, 700, size=300)
        rt, choice = theta[row, 4] + 0.5, row % 3
        together = likelihood.log_prob(rt, choice, theta, row)
        apart = likelihood.log_prob(rt, choice, theta[row], np.arange(300))
        np.testing.assert_allclose(together, apart, rtol=1e-12)
        np.testing.assert_allclose(
            likelihood.log_prob_grad(rt, choice, theta, row)[1],
            likelihood.log_prob_grad(rt, choice, theta[row], np.arange(300))[1],
            rtol=1e-9,
            atol=1e-12,
        )


def test_no_trials() -> None:
    none = np.empty(0), np.empty(0, dtype=np.int64), thetas(DDM, 2), np.empty(0, dtype=np.int64)
    likelihood = FirstPassageLikelihood(network(DDM))
    assert likelihood.log_prob(*none).shape == (0,)
    assert [array.shape for array in likelihood.log_prob_grad(*none)] == [(0,), (0, 4)]


def test_a_float32_network_is_evaluated_in_its_own_precision() -> None:
    estimator = network(DDM, double=False)
    trials = _trials(DDM, network(DDM), each=5)
    compiled = FirstPassageLikelihood(estimator).log_prob(*trials)
    generic = EstimatorLikelihood(estimator, DDM.parameter_names).log_prob(*trials)
    assert compiled.dtype == generic.dtype == np.float64
    central = np.isin(trials[3], np.arange(8))
    np.testing.assert_allclose(generic[central], compiled[central], rtol=1e-2, atol=1e-2)


def test_an_estimator_of_another_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"given theta of shape \(4,\).*needs \(2,\) \(rt, choice\) given \(5,\)"):
        EstimatorLikelihood(network(DDM), RACE.parameter_names, 3)
