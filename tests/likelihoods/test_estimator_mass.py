"""The probability of a response between two times under sbi's estimators and under any density."""

import numpy as np
import pytest
import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator
from scipy.special import expit, log_expit, log_ndtr, logsumexp
from torch import nn

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.neural.estimator_mass import EstimatorMass
from hddm_sbi.likelihoods.neural.generic import EstimatorLikelihood
from tests.likelihoods.estimators import make

NAMES = ("v", "t0")
FLOWS = ["mixed", "mixed log", "mixed zuko"]
SD = 0.3


class LogNormal(ConditionalDensityEstimator):
    """Choice 1 with log odds theta_0; log rt is normal around theta_1 + choice / 4, with a sd of ``SD``."""

    def __init__(self, fixed: bool = False) -> None:
        super().__init__(nn.Linear(2, 2), torch.Size([2]), torch.Size([2]))
        nn.init.eye_(self.net.weight)
        nn.init.zeros_(self.net.bias)
        self._fixed = fixed

    def __deepcopy__(self, memo):
        if self._fixed:
            raise RuntimeError("not to be copied")
        new = LogNormal()
        new.net.load_state_dict(self.net.state_dict())
        return new

    def log_prob(self, input, condition):
        odds, mean = self.net(condition).unbind(-1)
        rt, choice = input.unbind(-1)
        log_choice = nn.functional.logsigmoid((2.0 * choice - 1.0) * odds)
        return log_choice + torch.distributions.LogNormal(mean + choice / 4, SD).log_prob(rt)

    def loss(self, input, condition):
        raise NotImplementedError

    def sample(self, sample_shape, condition):
        odds, mean = self.net(condition).unbind(-1)
        choice = torch.bernoulli(torch.sigmoid(odds).expand(*sample_shape, -1))
        rt = torch.exp(mean + choice / 4 + SD * torch.randn(choice.shape))
        return torch.stack([rt, choice], -1)


def log_normal(choice, t1, t2, theta):
    """Its log masses."""
    ends = [(np.log(t) - theta[1] - choice / 4) / SD if t > 0.0 else -np.inf for t in (t1, t2)]
    low, high = ends if ends[0] < 0.0 else [-end for end in reversed(ends)]
    return log_expit((2 * choice - 1) * theta[0]) + log_ndtr(high) + np.log1p(-np.exp(log_ndtr(low) - log_ndtr(high)))


INTERVALS = np.array(
    [(0.0, np.inf), (0.0, 0.9), (0.5, 1.5), (0.9, 0.9001), (0.9, 0.9 + 1e-9), (1.2, np.inf), (8.0, np.inf),
     (50.0, np.inf), (0.0, 0.02)]
)  # fmt: skip


def masses(likelihood, theta, choices, intervals=INTERVALS):
    """Log masses (intervals, choices) and gradients under one theta, and whether the two functions agree."""
    t1, t2 = np.repeat(np.array(intervals, float), len(choices), 0).T
    choice, row = np.tile(np.array(choices), len(intervals)), np.zeros(len(t1), np.int64)
    theta = np.atleast_2d(theta)
    found, gradient = likelihood.log_mass_grad(choice, t1, t2, theta, row)
    np.testing.assert_array_equal(found, likelihood.log_mass(choice, t1, t2, theta, row))
    assert not np.isnan(found).any()
    assert np.isfinite(gradient).all()
    return found.reshape(-1, len(choices)), gradient.reshape(-1, len(choices), theta.shape[1])


@pytest.mark.parametrize("theta", [(0.4, -0.2), (-2.5, 0.3)])
def test_quadrature_of_a_smooth_density(theta):
    likelihood = EstimatorLikelihood(LogNormal(), NAMES)
    found, gradient = masses(likelihood, theta, [ANY, 0, 1])
    assert not likelihood._masses._is_flow
    expected = np.array([[log_normal(c, *pair, theta) for c in (0, 1)] for pair in INTERVALS])
    assert expected.min() < np.log(1e-40)
    # both ends of a narrow interval round log_normal: 1e-16 of 1e-9
    close = {"rtol": 1e-9, "atol": 1e-9}
    narrow = INTERVALS[:, 1] - INTERVALS[:, 0] < 1e-8
    np.testing.assert_allclose(found[~narrow, 1:], expected[~narrow], **close)
    np.testing.assert_allclose(found[narrow, 1:], expected[narrow], atol=1e-6)
    np.testing.assert_allclose(found[:, 0], logsumexp(found[:, 1:], 1), rtol=1e-13, atol=1e-13)
    for j in range(2):
        step = 1e-3 * np.eye(2)[j]
        ends = [[[log_normal(c, *p, theta + s * step) for c in (0, 1)] for p in INTERVALS] for s in (1, -1, 2, -2)]
        up, down, up2, down2 = np.array(ends)
        numeric = (8 * (up - down) - (up2 - down2)) / 12e-3
        np.testing.assert_allclose(gradient[~narrow, 1:, j], numeric[~narrow], rtol=1e-8, atol=1e-8)
    share = np.exp(found[:, 1:] - found[:, :1])
    np.testing.assert_allclose(gradient[:, 0], np.einsum("ic,icp->ip", share, gradient[:, 1:]), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(gradient[0, 1:, 1], 0.0, atol=1e-8)
    assert gradient[0, 2, 0] == pytest.approx(expit(-theta[0]), rel=1e-9)


def test_quadrature_in_single_precision():
    likelihood = EstimatorLikelihood(LogNormal(fixed=True), NAMES)
    theta = (0.4, -0.2)
    found, _ = masses(likelihood, theta, [0, 1])
    expected = np.array([[log_normal(c, *pair, theta) for c in (0, 1)] for pair in INTERVALS])
    # log densities of up to 130 are rounded to 1e-7 of that; the times of the narrowest interval are the same number
    np.testing.assert_allclose(found, expected, rtol=3e-7, atol=3e-6)


@pytest.mark.parametrize("kind", FLOWS)
def test_a_flow_against_its_density(kind):
    likelihood = EstimatorLikelihood(make(kind).double(), NAMES, 3)
    theta, intervals = np.array([0.4, -0.8]), np.array([(0.0, 0.7), (0.5, 1.1), (0.5, 0.501), (0.9, 3.0), (1.5, 1.7)])
    found, _ = masses(likelihood, theta, [ANY, 0, 1, 2], intervals)
    assert likelihood._masses._is_flow
    for i, (t1, t2) in enumerate(intervals):
        # splines have kinks: Simpson's rule is off by the square of its step there, and has to be this fine
        step = (t2 - t1) / 80_000
        rt = np.linspace(t1, t2, 80_001)
        rt[0] = max(rt[0], 1e-12)
        weight = step / 3 * np.r_[1.0, np.tile([4.0, 2.0], 39_999), 4.0, 1.0]
        for choice in (0, 2):
            log_f = likelihood.log_prob(rt, np.full(len(rt), choice), theta[None], np.zeros(len(rt), np.int64))
            # nflows keeps the constant of the normal density in single precision
            assert found[i, 1 + choice] == pytest.approx(logsumexp(log_f, b=weight), abs=5e-8)


@pytest.mark.parametrize("kind", FLOWS)
def test_parts_under_a_flow_sum_to_what_is_above_zero(kind):
    # in single precision: the masses are not
    likelihood = EstimatorLikelihood(make(kind), NAMES, 3)
    edges = np.array([0.0, 0.3, 0.6, 0.600001, 0.9, 2.0, 30.0, np.inf])
    parts = np.column_stack([edges[:-1], edges[1:]])
    found, gradient = masses(likelihood, [0.7, 0.2], [ANY, 0, 1, 2], np.concatenate([[(0.0, np.inf)], parts]))
    np.testing.assert_allclose(logsumexp(found[:, 1:], 1), found[:, 0], rtol=1e-13, atol=1e-13)
    # the narrow part is found by quadrature of the density, whose constant may have single precision
    np.testing.assert_allclose(logsumexp(found[1:], 0), found[0], atol=1e-9)
    shares = np.exp(found[1:] - found[0])
    np.testing.assert_allclose(np.einsum("ic,icp->cp", shares, gradient[1:]), gradient[0], atol=1e-8)
    if kind == "mixed log":
        assert found[0, 0] == pytest.approx(0.0, abs=1e-14)
        np.testing.assert_allclose(gradient[0, 0], 0.0, atol=1e-14)
    else:
        assert found[0, 0] < -1e-6  # some of these networks' densities lie below zero


@pytest.mark.parametrize("kind", FLOWS)
def test_gradient_under_a_flow_matches_finite_differences(kind):
    likelihood = EstimatorLikelihood(make(kind), NAMES, 3)
    theta, intervals = np.array([-0.3, 0.55]), INTERVALS[[0, 1, 2, 3, 5, 6]]
    found, gradient = masses(likelihood, theta, [ANY, 0, 2], intervals)
    assert found.min() < -20.0
    for j in range(2):
        h = 1e-6  # networks of rectifiers have kinks in theta as well: so near that there is none
        up, down = (masses(likelihood, theta + s * h * np.eye(2)[j], [ANY, 0, 2], intervals)[0] for s in (1, -1))
        np.testing.assert_allclose(gradient[..., j], (up - down) / (2 * h), rtol=1e-6, atol=1e-7 * np.abs(found).max())


def test_quadrature_is_the_closed_form_of_a_flow():
    estimator, theta = make("mixed log"), np.array([[0.4, -0.8]])
    mass = EstimatorMass(estimator, [0, 1, 2], theta)
    arrays = np.array([0, 2]), np.array([0.5, 0.9]), np.array([1.1, np.inf]), theta, np.zeros(2, np.int64)
    closed, slope = mass.log_mass_grad(*arrays, True)
    assert mass._is_flow
    mass._is_flow = False
    found, gradient = mass.log_mass_grad(*arrays, True)
    np.testing.assert_allclose(found, closed, atol=5e-8)
    # derivatives of a spline's density jump at its knots
    np.testing.assert_allclose(gradient, slope, atol=1e-4 * np.abs(slope).max())


@pytest.mark.parametrize("estimator", ["flow", "other"])
def test_what_has_no_probability(estimator):
    likelihood = EstimatorLikelihood(make("mixed log") if estimator == "flow" else LogNormal(), NAMES, 4)
    theta = np.array([[0.1, 0.2], [np.nan, 0.2], [0.1, np.inf], [-0.1, 0.2]])
    choice = np.array([0, ANY, 0, ANY, 1, 1, 1, 5, -2, 0])
    t1 = np.array([0.5, 0.5, 0.5, 0.5, 0.7, 0.9, np.nan, 0.0, 0.0, 0.1])
    t2 = np.array([0.9, 0.9, 0.9, 0.9, 0.7, 0.8, 1.0, 1.0, 1.0, 9.0])
    row = np.array([1, 1, 2, 2, 0, 0, 0, 0, 0, 3])
    found, gradient = likelihood.log_mass_grad(choice, t1, t2, theta, row)
    assert np.all(found[:-1] == -np.inf)
    assert np.all(gradient[:-1] == 0.0)
    assert np.isfinite(found[-1])
    only_bad = likelihood.log_mass(choice[:2], t1[:2], t2[:2], theta[1:2], np.zeros(2, np.int64))
    assert np.all(only_bad == -np.inf)
    # a choice of the model's that the network never saw
    unseen = likelihood.log_mass(np.array([3]), np.array([0.0]), np.array([np.inf]), theta, np.zeros(1, np.int64))
    assert unseen == -np.inf or estimator == "other"


def test_equal_trials_are_found_once():
    likelihood, n = EstimatorLikelihood(make("mixed log"), NAMES, 3), 3000
    rng = np.random.default_rng(2)
    theta, row = rng.normal(size=(2, 2)), rng.integers(0, 2, n)
    choice, t1 = rng.integers(-1, 3, n), rng.choice([0.0, 0.5], n)
    found, gradient = likelihood.log_mass_grad(choice, t1, np.full(n, 0.8), theta, row)
    for i in range(20):
        one = slice(i, i + 1)
        alone = likelihood.log_mass_grad(choice[one], t1[one], np.array([0.8]), theta, row[one])
        np.testing.assert_allclose(alone[0], found[one], rtol=1e-12)
        np.testing.assert_allclose(alone[1], gradient[one], rtol=1e-9, atol=1e-12)
