"""Every compiled piece, under the driver, says what its likelihood says trial by trial, and so do the derivatives."""

import numpy as np
import pytest

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM
from hddm_sbi.likelihoods.exact.race import ExactRace
from hddm_sbi.likelihoods.exact.race_density import LBA, RDM
from hddm_sbi.likelihoods.neural.generic import EstimatorLikelihood
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm import get_model
from tests.likelihoods.driver.events import Part, compiled_sum, group, python_sum
from tests.likelihoods.networks import DDM, PLAIN, RACE, delayed, network, thetas
from tests.likelihoods.test_mixed_sum import build

ROWS = 5
NETWORKS = {ssm.name: ssm for ssm in (DDM, PLAIN, RACE, *(get_model(n) for n in ("full_ddm", "angle", "levy")))}
NETWORKS |= {"delayed weibull": delayed(get_model("weibull"))}
# networks of sbi's keep some numbers in single precision
PRECISE, SINGLE = (1e-12, 1e-10), (1e-5, 2e-5)


def race_thetas(n):
    rng = np.random.default_rng(3)
    return np.column_stack([*rng.uniform(0.5, 3.0, (n, ROWS)), *rng.uniform(0.3, 1.2, (2, ROWS)), np.full(ROWS, 0.2)])


def case(name):
    """A likelihood, theta, and how precise its piece is in value and gradient."""
    if name == "exact ddm":
        return ExactDDM(), thetas(DDM, ROWS), PRECISE
    if name == "exact full_ddm":
        return ExactFullDDM(), thetas(get_model("full_ddm"), ROWS), PRECISE
    if name == "exact rdm":
        return ExactRace(RDM, 3), race_thetas(3), PRECISE
    if name == "exact lba":
        return ExactRace(LBA, 2), race_thetas(2), PRECISE
    if name.startswith("mixed"):
        estimator = build(log_transform_x=name == "mixed log").double()
        return EstimatorLikelihood(estimator, ("v", "t0"), 3), np.random.default_rng(1).normal(size=(ROWS, 2)), SINGLE
    return FirstPassageLikelihood(network(NETWORKS[name])), thetas(NETWORKS[name], ROWS), PRECISE


CASES = ["exact ddm", "exact full_ddm", "exact rdm", "exact lba", *NETWORKS, "mixed", "mixed log"]


def compare(likelihood, groups, theta, precision, lapses):
    if lapses:
        theta = np.column_stack([theta, np.random.default_rng(8).uniform(0.01, 0.3, len(theta))])
    value, by_theta = compiled_sum(likelihood, groups, theta, lapses)
    expected, by_trial = python_sum(likelihood, groups, theta, lapses)
    assert np.isfinite(expected)
    assert value == pytest.approx(expected, rel=precision[0])
    # relative to the largest of a column: what a row adds up may cancel
    size = 1.0 + np.abs(by_trial).max(axis=0)
    assert np.abs((by_theta - by_trial) / size).max() < precision[1]


def times(likelihood, theta, row, n, rng):
    """Sorted times at which every choice is possible, unless the boundaries have met."""
    t0 = theta[row, likelihood.parameters.index("t0")] if likelihood.parameters != ("v", "t0") else 0.2
    return np.sort(t0 + 0.05 + rng.gamma(2.0, 0.15, n))


@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_densities(name, lapses):
    likelihood, theta, precision = case(name)
    rng, groups = np.random.default_rng(5), []
    # several blocks, rows, and choices that alternate; one row has no trials
    for row, choice, n in ((0, 1, 300), (0, 0, 5), (0, 1, 1), (1, 0, 130), (3, 0, 40), (3, 1, 128), (4, 1, 7)):
        t = times(likelihood, theta, row, n, rng)
        if lapses:
            t[:3] = 1e-3  # before any process
        groups.append(group(row, [Part(choice, t)], rng, -1.5 if lapses else None))
    if not lapses and name in ("angle", "delayed weibull"):
        groups = [each for each in groups if np.isfinite(python_sum(likelihood, [each], theta, False)[0])]
    compare(likelihood, groups, theta, precision, lapses)


@pytest.mark.parametrize("name", CASES)
def test_masses(name):
    likelihood, theta, precision = case(name)
    rng, groups = np.random.default_rng(6), []
    n = 4 if "full_ddm" in name else 20
    for row, choice in ((0, 0), (0, 1), (2, 1), (2, 0), (4, ANY)):
        t1 = np.sort(rng.uniform(0.0, 0.6, n))
        t1[0] = 0.0
        t2 = t1 + rng.uniform(0.3, 1.0, n)
        t2[-1] = np.inf
        if choice == ANY and likelihood.any_by_choice:
            parts = [Part(c, t1, t2) for c in range(likelihood.n_choices)]
        else:
            parts = [Part(choice, t1, t2)]
        groups.append(group(row, parts, rng, -3.0))
    compare(likelihood, groups, theta, precision, lapses=True)


@pytest.mark.parametrize("name", CASES)
def test_unions_of_choices(name):
    likelihood, theta, precision = case(name)
    rng, groups = np.random.default_rng(7), []
    for row, n in ((0, 150), (1, 3), (4, 129)):
        t = times(likelihood, theta, row, n, rng)
        groups.append(group(row, [Part(c, t) for c in range(likelihood.n_choices)], rng, -2.0))
        groups.append(group(row, [Part(1, t)], rng, -2.0))
    compare(likelihood, groups, theta, precision, lapses=True)


@pytest.mark.parametrize("name", ["ddm", "mixed"])
def test_chunks_of_rows(name):
    likelihood, theta, precision = case(name)
    theta = theta[np.arange(150) % ROWS] * np.linspace(1.0, 1.01, 150)[:, None]
    rng = np.random.default_rng(9)
    groups = [
        group(row, [Part(row % 2, times(likelihood, theta, row, 2, rng))], rng) for row in range(150) if row % 7 != 3
    ]
    compare(likelihood, groups, theta, precision, lapses=False)


@pytest.mark.parametrize("name", ["exact ddm", "exact full_ddm", "exact rdm", "ddm", "full_ddm"])
@pytest.mark.parametrize("bad", [("v", np.nan), ("a", np.nan), ("a", -1.0)])
def test_impossible_parameters_leave_the_lapses(name, bad):
    likelihood, theta, precision = case(name)
    rng = np.random.default_rng(10)
    groups = [group(row, [Part(0, times(likelihood, theta, row, 9, rng))], rng, -1.0) for row in range(ROWS)]
    t1 = np.full(3, 0.4)
    groups.insert(2, group(1, [Part(1, t1, t1 + 1.0)], rng, -1.0))
    theta[1, likelihood.parameters.index({"a": "A", "v": "v1"}[bad[0]] if "rdm" in name else bad[0])] = bad[1]
    compare(likelihood, groups, theta, precision, lapses=True)


@pytest.mark.parametrize("name", ["exact ddm", "exact lba", "angle", "mixed"])
def test_what_cannot_be_has_no_probability(name):
    likelihood, theta, _ = case(name)
    t = np.array([0.0])
    if name != "mixed":
        assert compiled_sum(likelihood, [group(0, [Part(0, t)], np.random.default_rng(0))], theta, False)[0] == -np.inf
    empty = [group(0, [Part(0, t + 0.5, t + 0.5)], np.random.default_rng(0))]
    assert compiled_sum(likelihood, empty, theta, False)[0] == -np.inf
