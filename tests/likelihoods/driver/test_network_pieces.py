"""The pieces of a network's compiled sum: they fill in, and pull back, what the likelihood says of each trial."""

import math

import numpy as np
import pytest

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.mixture import LOG_ZERO
from hddm_sbi.likelihoods.neural import canonical_numba
from hddm_sbi.likelihoods.neural.conditioning import condition, reduce_rows
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.likelihoods.neural.mass_sum import fill_masses, pull_masses
from hddm_sbi.likelihoods.neural.trial_densities import add_by_theta
from hddm_sbi.likelihoods.neural.window_block import KEPT, fill_window, pull_window
from hddm_sbi.ssm import SSM, get_model
from tests.likelihoods.networks import DDM, RACE, delayed, network, thetas

MODELS = [DDM, RACE, *(get_model(name) for name in ("full_ddm", "angle", "weibull", "levy"))]
MODELS += [delayed(get_model(name)) for name in ("angle", "weibull")]


@callable_from_python
def _pieces(form, theta, canonical, ends, tables, choice, log_choice, t1, t2, weight, density, out, by_theta):
    """Fill in log masses, or log densities at t1, and the derivatives by theta of their weighted sum."""
    shift = theta[form.shift] if form.shift >= 0 else 0.0
    window = theta[form.window] if form.window >= 0 else 0.0
    log_unit = canonical_numba.time_power(theta, form) * canonical_numba.log_scale(theta, form)
    collapse = canonical_numba.collapse_of(canonical, form)
    table, zeta, delta = tables[0].copy(), ends[0, 0], ends[0, 1]
    by_table = np.zeros(table.shape)
    if density:
        kept = np.empty((len(t1), KEPT))
        fill_window(form, table, zeta, delta, log_choice[0], shift, window, log_unit, collapse, t1, out, kept)
        sums = pull_window(form, shift, window, t1, kept, weight, by_table)
    else:
        fill_masses(form, table, zeta, delta, log_choice[0], shift, window, log_unit, collapse, t1, t2, out)
        sums = pull_masses(
            form, table, zeta, delta, log_choice[0], shift, window, log_unit, collapse, t1, t2, weight, by_table
        )
    if sums[0] == 0.0:
        return
    n = len(canonical)
    by = np.zeros(n + 5)
    for j in range(n):
        by[j] = sums[1] * ends[1 + j, 0] + sums[2] * ends[1 + j, 1] + (by_table * tables[1 + j]).sum()
    by[n], by[n + 1], by[n + 2], by[n + 3], by[n + 4] = sums[5], sums[6], sums[4], -sums[3], sums[7]
    none = np.zeros(len(log_choice))
    add_by_theta(1.0, by, none, canonical, theta, choice, form, np.empty(n), by_theta)
    # and by way of the choice's probability, with the sum of the weights
    add_by_theta(sums[0], np.zeros(n + 5), log_choice, canonical, theta, choice, form, np.empty(n), by_theta)


def _compare(ssm: SSM, theta: np.ndarray, t1: np.ndarray, t2: np.ndarray, density: bool = False) -> np.ndarray:
    """Both ways equal; returns the log masses or densities of all choices."""
    likelihood = FirstPassageLikelihood(network(ssm))
    form, rng = likelihood._form, np.random.default_rng(3)
    canonical = reduce_rows(theta[None], form)
    ends, tables, log_choice = condition(
        canonical, canonical.shape[1], form, likelihood._time.forward, likelihood._choice.forward
    )
    found, row = [], np.zeros(len(t1), dtype=np.int64)
    for c in range(ssm.n_choices):
        choice = np.full(len(t1), c)
        if density:
            expected, slope = likelihood.log_prob_grad(t1, choice, theta[None], row)
        else:
            expected, slope = likelihood.log_mass_grad(choice, t1, t2, theta[None], row)
        weight = np.where(np.isfinite(expected), rng.uniform(0.2, 2.0, len(t1)), 0.0)
        out, by_theta = np.empty(len(t1)), np.zeros(len(theta))
        _pieces(form, theta, canonical[0], ends[c], tables[c], c, log_choice[c], t1, t2, weight, density, out, by_theta)
        assert out == pytest.approx(np.maximum(expected, LOG_ZERO), rel=1e-13, abs=1e-12)
        size = weight @ np.abs(slope) + 1.0
        assert np.all(np.abs(by_theta - weight @ slope) < 1e-9 * size)
        found.append(out)
    return np.array(found)


def _times(theta: np.ndarray, ssm: SSM) -> tuple[np.ndarray, np.ndarray]:
    """Intervals of all widths, some of them before the process starts or never."""
    unit = dict(zip(ssm.parameter_names, theta, strict=True)).get("a", 1.0) ** 2
    t0 = theta[ssm.parameter_names.index("t0")]
    early = np.array([-1.0, -1.0, 0.03, 0.1, 0.1, 0.1, 0.3, 1.0, 0.2, math.inf])
    late = np.array([0.05, 0.3, 0.06, 0.4, 0.1 + 1e-6, 0.1 + 1e-10, math.inf, math.inf, 0.2, math.inf])
    return np.maximum(t0 + unit * early, 0.0), np.maximum(t0 + unit * late, 0.0)


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_masses(ssm: SSM) -> None:
    for theta in thetas(ssm, 3, seed=2):
        masses = _compare(ssm, theta, *_times(theta, ssm))
        assert np.all(masses[:, 8:] == LOG_ZERO)
        assert np.all(masses[:, 1] > LOG_ZERO)


@pytest.mark.parametrize("window", [0.0, 1e-9, 1e-5, 1e-4, 0.3])
def test_masses_under_windows_narrow_and_wide(window: float) -> None:
    ssm = get_model("full_ddm")
    theta = thetas(ssm, 1, seed=5)[0]
    theta[ssm.parameter_names.index("st0")] = window
    assert np.all(_compare(ssm, theta, *_times(theta, ssm))[:, 1] > LOG_ZERO)


@pytest.mark.parametrize("ssm", [ssm for ssm in MODELS if ssm.symmetries.window], ids=lambda ssm: ssm.name)
def test_densities_under_a_window(ssm: SSM) -> None:
    for theta in thetas(ssm, 3, seed=4):
        rt = theta[ssm.parameter_names.index("t0")] + np.array([-0.1, 1e-3, 0.05, 0.3, 0.8, 2.0])
        densities = _compare(ssm, theta, rt, rt, density=True)
        assert np.all(densities[:, 0] == LOG_ZERO)
        assert np.any(densities[:, 1:] > LOG_ZERO)


def test_without_a_unit_of_time_nothing_is_probable() -> None:
    theta = np.array([1.0, -1.0, 0.5, 0.2])
    assert np.all(_compare(DDM, theta, np.zeros(2), np.array([1.0, np.inf])) == LOG_ZERO)
