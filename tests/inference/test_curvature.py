"""The information of design rows is minus the second derivatives by the linear predictors, widths included."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.distributions as td

from hddm_sbi.inference.curvature import likelihood_precision, prior_precision, row_information
from hddm_sbi.inference.potential import Potential
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.spec.build import build_spec
from hddm_sbi.trials.reading import read_trials
from tests.inference.test_initial import experiment, prepare
from tests.observing import bound, lapsing


@pytest.fixture
def potential(smooth, full_ddm):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"rt": rng.uniform(0.5, 2.0, 40), "response": rng.integers(0, 2, 40)})
    trials = read_trials(frame)
    flat = {f"{name}_Intercept": td.Normal(0.0, 1.0) for name in full_ddm.parameter_names}
    spec, _ = build_spec(full_ddm, trials, p_outlier=0, priors=flat)
    return Potential(spec, bound(smooth(full_ddm.parameter_names), spec, trials.rt, trials.choice))


def _log_likelihood(potential, u):
    prior = td.Normal(torch.zeros(potential.ndim, dtype=torch.float64), 1.0).log_prob(torch.tensor(u)).sum()
    return potential.log_density(u) - float(prior)


@pytest.mark.parametrize("z", [-0.8, -0.1, 0.3])
def test_information_is_the_curvature(potential, z):
    u = np.array([0.3, 0.2, z, -0.7, 0.1, -0.4, -1.0])
    step, n = 1e-3, potential.ndim
    by = np.empty((n, n))
    for i, e in enumerate(step * np.eye(n)):
        for j, f in enumerate(step * np.eye(n)):
            corners = [_log_likelihood(potential, u + a * e + b * f) * a * b for a in (-1, 1) for b in (-1, 1)]
            by[i, j] = -sum(corners) / (4 * step**2)
    # every parameter is its intercept: predictors are coordinates
    np.testing.assert_allclose(row_information(potential, u)[0], by, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(likelihood_precision(potential, u).toarray(), by, rtol=1e-3, atol=1e-3)
    some = row_information(potential, u, of=("a", "t0"), central=False)[0]
    own = np.isin(potential.likelihood.parameters, ("a", "t0"))
    np.testing.assert_allclose(some, np.where(np.outer(own, own), by, 0.0), rtol=2e-3, atol=2e-3)


def test_the_nearer_boundary_changes_without_a_jump(potential):
    u = np.array([0.3, 0.2, 0.0, -0.7, 0.1, 0.5, -1.0])
    left, at, right = (row_information(potential, u + shift * np.eye(7)[2]) for shift in (-1e-3, 0.0, 1e-3))
    assert np.abs(at).max() < 2.0 * max(np.abs(left).max(), np.abs(right).max())


@pytest.mark.parametrize("logit", [-10.0, -3.0])
def test_a_probability_next_to_zero_has_its_curvature(logit):
    _, potential, u = prepare(experiment(4, 60, 3), lapsing(ExactDDM(), (0, 20)), p_outlier="estimate")
    at = potential.layout.site("p_outlier").start
    u[at] = logit
    step = np.zeros(potential.ndim)
    step[at] = 1e-3
    slopes = [potential.log_density_grad(u + sign * step)[1][at] for sign in (-1.0, 1.0)]
    found = likelihood_precision(potential, u)[at, at] + prior_precision(potential, u)[at]
    np.testing.assert_allclose(found, (slopes[0] - slopes[1]) / 2e-3, rtol=1e-3)
