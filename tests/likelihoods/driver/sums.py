"""A compiled sum beside the sum of its trials."""

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.likelihoods.observation.seen import SeenTrials
from tests.observing import model_of


def trials_of(row, rt, choice):
    """Trials of which everything was seen."""
    return SeenTrials.whole(rt, choice, row)


def bind(likelihood, trials, theta):
    return model_of(likelihood).bind(replace(trials, n_rows=len(theta)))


def native(likelihood, trials, theta):
    """Sum and derivatives by the C function, twice: working memory must not carry over."""
    compiled = bind(likelihood, trials, theta).compiled(2)
    theta, by_theta = np.ascontiguousarray(theta), np.empty(theta.shape)
    values = [compiled(slot, theta, by_theta) for slot in (1, 0, 0)]
    assert values[0] == values[1] == values[2]
    return values[0], by_theta


def trial_by_trial(likelihood, trials, theta):
    log_prob, by_trial = bind(likelihood, trials, theta).log_prob_grad(theta)
    by_theta = np.zeros_like(theta)
    np.add.at(by_theta, trials.row, by_trial)
    return log_prob.sum(), by_theta


def compare(likelihood, trials, theta):
    value, by_theta = native(likelihood, trials, theta)
    expected, by_trial = trial_by_trial(likelihood, trials, theta)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-10)
    if np.isfinite(expected):
        np.testing.assert_allclose(by_theta, by_trial, rtol=1e-8, atol=1e-8 * (1 + np.abs(by_trial).max()))
