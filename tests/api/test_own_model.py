"""A model that is not in the registry: declared, trained from nothing, fitted, recovered."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

import hddm_sbi as hs
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.training.validate import density_accuracy
from tests.likelihoods.networks import SMALL

POSITIVE = (0.0, math.inf)
EVENTS = 3.0


def counters(theta: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Poisson counters, one for each option: the first to count three events decides."""
    times = rng.gamma(EVENTS, 1.0 / theta[:, :-1])
    return theta[:, -1] + times.min(axis=1), times.argmin(axis=1)


def race(n: int, **options: Any) -> hs.SSM:
    rates = [hs.Parameter(f"r{k}", POSITIVE, "log", (1.0, 12.0)) for k in range(n)]
    parameters = (*rates, hs.Parameter("t0", POSITIVE, "log", (0.0, 0.5)))
    return hs.SSM("counters", parameters, hs.simulator_of(counters, vectorised=True), n_choices=n, **options)


class Exact:
    """The density of the race of counters."""

    def __init__(self, n: int) -> None:
        self.parameters, self.n_choices = race(n).parameter_names, n

    def log_prob(self, rt, choice, theta, row):
        time, rates = (rt - theta[row, -1])[:, None], theta[row, :-1]
        density = stats.gamma.logpdf(time, EVENTS, scale=1.0 / rates)
        later = stats.gamma.logsf(time, EVENTS, scale=1.0 / rates)
        total = (later.sum(axis=1, keepdims=True) - later + density)[np.arange(len(rt)), choice]
        return np.where(time[:, 0] > 0.0, total, -np.inf)


def experiment(ssm: hs.SSM, subjects: int = 6, trials: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """Participants around the middle of the rates, and what they were simulated with."""
    rng = np.random.default_rng(1)
    theta = np.full((subjects, len(ssm.parameters)), 4.0)
    theta[:, 0], theta[:, -1] = 6.0, 0.25
    theta *= np.exp(0.15 * rng.normal(size=theta.shape))
    rt, choice = hs.simulate(ssm, theta, trials, seed=2)
    table = {"subject": np.repeat(np.arange(subjects), trials), "rt": rt.ravel(), "response": choice.ravel()}
    return pd.DataFrame(table), theta


def fit(ssm: hs.SSM, estimator: Any, table: pd.DataFrame, **options: Any) -> Any:
    ddm = hs.HierarchicalDDM(table, groupby="subject", model=ssm, likelihood=estimator)
    return ddm.sample(**{"draws": 250, "tune": 300, "chains": 2, "seed": 1, "progress": False, **options})


def test_from_nothing_to_a_fit(tmp_path) -> None:
    ssm = race(2)
    out = tmp_path / "counters.safetensors"
    estimator = hs.train_nle(ssm, simulations=100_000, out=out, architecture=SMALL, validate=False, progress=False)
    table, truth = experiment(ssm)
    idata = fit(ssm, estimator, table)
    # the posteriors have the truth within 1.3 sds; networks of other seeds move them by 0.2 sds
    for k, name in enumerate(ssm.parameter_names):
        draws = idata.posterior[name]
        assert abs(float(draws.mean()) - np.exp(np.log(truth[:, k]).mean())) < 5.0 * float(draws.std()), name
    # the file stands for the same network
    ddm, stored = (hs.HierarchicalDDM(table, model=ssm, likelihood=given) for given in (estimator, out))
    u = np.zeros(ddm.potential.ndim)
    assert ddm.log_density(u) == stored.log_density(u)


@cache
def trained(n: int) -> hs.FirstPassageEstimator:
    """By a million simulations of a race whose shift is not declared."""
    return hs.train_nle(race(n), simulations=1_000_000, seed=2, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("declared", [False, True])
def test_a_race_of_counters_is_learned(n: int, declared: bool) -> None:
    ssm, estimator = race(n, symmetries=hs.Symmetries(shift="t0" if declared else None)), trained(n)
    if declared:  # a shift that was found is as good as one that was declared: training goes the same way, bit by bit
        few = {"simulations": 10_000, "seed": 2, "architecture": SMALL, "validate": False, "progress": False}
        weights = [list(hs.train_nle(model, **few).state_dict().values()) for model in (race(n), ssm)]
        assert all(map(torch.equal, *weights))
    assert estimator.canonical.shift == n
    # of networks of other seeds: at most 0.005, and 0.011 to 0.022 with an sd of 0.0015 for each n, and 0.0006
    assert estimator.card["validation"]["choice_probability"]["rms_error"] < 0.01
    likelihood = hs.HierarchicalDDM(experiment(ssm)[0], model=ssm, likelihood=estimator, p_outlier=0).likelihood.density
    found = density_accuracy(ssm, likelihood, Exact(n), draws=50_000)
    assert found["mean_abs_error"] < 0.03
    assert found["kl"] < 0.001


@pytest.mark.slow
def test_the_ddm_without_its_symmetries_is_learned() -> None:
    ddm = hs.get_model("ddm")
    box = {"v": (-3.0, 3.0), "a": (0.5, 3.0), "z": (0.2, 0.8), "t0": (0.0, 1.0)}
    parameters = tuple(replace(parameter, box=box[parameter.name]) for parameter in ddm.parameters)
    ssm = hs.SSM("undeclared", parameters, ddm.simulator)
    estimator = hs.train_nle(ssm, simulations=2_000_000, progress=False)
    likelihood = hs.HierarchicalDDM(
        hs.load_data("cavanagh_theta"), model=ssm, likelihood=estimator, p_outlier=0
    ).likelihood.density
    found = density_accuracy(ssm, likelihood, get_exact(ddm), draws=50_000)
    # of networks of two other seeds: 0.018 and 0.020, 0.0004
    assert found["mean_abs_error"] < 0.04
    assert found["kl"] < 0.002


def test_parameters_of_any_finite_interval() -> None:
    """Supports and links of all kinds, three options, and nothing declared."""

    def trial(theta: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        drift, gain, share, angle, t0 = theta.T
        time = np.exp(0.3 * drift + gain * rng.normal(size=len(theta))) * np.cos(angle)
        later = rng.random(len(theta)) < share
        return t0 + time, np.where(later, 1 + (rng.random(len(theta)) < 0.5), 0)

    parameters = (
        hs.Parameter("drift", (-math.inf, math.inf), "identity", (-2.0, 2.0)),
        hs.Parameter("gain", (0.1, 0.9), "logit", (0.2, 0.8)),
        hs.Parameter("share", (0.0, 1.0), "logit", (0.1, 0.9)),
        hs.Parameter("angle", (0.0, math.pi / 2), "logit", (0.0, 1.2)),
        hs.Parameter("t0", POSITIVE, "log", (0.1, 0.5)),
    )
    ssm = hs.SSM("odd", parameters, hs.simulator_of(trial, vectorised=True), n_choices=3)
    estimator = hs.train_nle(ssm, simulations=50_000, architecture=SMALL, progress=False)
    distance = estimator.card["validation"]["kolmogorov"]
    assert distance["median"] < 1.5 * distance["median_by_chance"]
    theta = torch.tensor([[0.3, 0.4, 0.5, 0.6, 0.2]])
    # a density over time and options
    t = torch.linspace(1e-3, 30.0, 60_001, dtype=torch.float64)
    total = 0.0
    for option in range(3):
        x = torch.stack([t, torch.full_like(t, option)], -1).unsqueeze(1).float()
        total += float(torch.trapezoid(estimator.log_prob(x, theta)[:, 0].detach().double().exp(), t))
    assert total == pytest.approx(1.0, abs=1e-3)


@pytest.fixture(scope="module")
def pairs() -> tuple[hs.SSM, torch.Tensor, torch.Tensor]:
    """A model, parameters from its box, and a trial of each."""
    ssm = race(2)
    theta = np.random.default_rng(1).uniform(*ssm.box.T, size=(2000, 3))
    rt, choice = ssm.simulator(theta, 1, 3)
    return ssm, torch.tensor(theta).float(), torch.tensor(np.column_stack([rt, choice])).float()


@pytest.mark.parametrize("kind", ["MNLE", "NLE"])
def test_a_stock_estimator_of_sbi_takes_the_same_place(pairs, kind: str) -> None:
    from sbi import inference

    ssm, theta, x = pairs
    torch.manual_seed(1)
    options = {"training_batch_size": 200, "max_num_epochs": 3, "show_train_summary": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi announces what it infers from the data
        builder = getattr(inference, kind)(show_progress_bars=False).append_simulations(theta, x)
        estimator = builder.train(**options)
    table, _ = experiment(ssm, subjects=2, trials=15)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        idata = fit(ssm, estimator, table, draws=5, tune=5, chains=1)
    said = [str(each.message) for each in caught if each.category is hs.HDDMWarning]
    # three epochs teach little; the mixed estimator is compiled, a flow is not, and a flow's choices are no options
    assert any("responds too early" in sentence and "before the non-decision time t0" in sentence for sentence in said)
    for sentence in ("no compiled form", "a density of choices, not their probabilities"):
        assert any(sentence in each for each in said) is (kind == "NLE")
    assert set(ssm.parameter_names) <= set(idata.posterior.data_vars)
    assert all(np.isfinite(idata.posterior[name]).all() for name in ssm.parameter_names)
    assert idata.attrs["likelihood"] == type(estimator).__name__


def test_a_bad_simulator_is_refused_before_anything_else() -> None:
    def transposed(theta, n, seed):
        rt, choice = race(2).simulator(theta, n, seed)
        return rt.T, choice.T

    with pytest.raises(hs.HDDMError, match=r"'transposed' returned rt of shape \(3, 2\) for 2 parameter vectors"):
        hs.HierarchicalDDM(pd.DataFrame(), model=replace(race(2), simulator=transposed), likelihood="none.safetensors")


def test_an_estimator_for_other_parameters_is_refused(pairs) -> None:
    ssm = pairs[0]
    other = hs.FirstPassageEstimator(hs.load_pretrained("ddm").canonical)
    with pytest.raises(hs.HDDMError, match="'counters' has r0, r1, t0"):
        hs.HierarchicalDDM(experiment(ssm)[0], model=ssm, likelihood=other)
