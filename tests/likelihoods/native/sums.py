"""A compiled sum beside the sum of its trials."""

import ctypes

import numpy as np
import pytest

SUM = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


def native(likelihood, trials, theta):
    """Sum and derivatives by the C function, twice: working memory must not carry over."""
    compiled = likelihood.native_sum(trials, len(theta), 2)
    theta, by_theta = np.ascontiguousarray(theta), np.empty(theta.shape)
    values = [
        SUM(compiled.function)(compiled.record, slot, theta.ctypes.data, by_theta.ctypes.data) for slot in (1, 0, 0)
    ]
    assert values[0] == values[1] == values[2]
    return values[0], by_theta


def trial_by_trial(likelihood, trials, theta):
    log_prob, by_trial = likelihood.log_prob_grad(trials.rt, trials.choice, theta, trials.row)
    return trials.count @ log_prob, trials.sum_by_row(by_trial, len(theta))


def compare(likelihood, trials, theta):
    value, by_theta = native(likelihood, trials, theta)
    expected, by_trial = trial_by_trial(likelihood, trials, theta)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-10)
    if np.isfinite(expected):
        np.testing.assert_allclose(by_theta, by_trial, rtol=1e-8, atol=1e-8 * (1 + np.abs(by_trial).max()))
