"""Whole fits of experiments that do not show all of a trial find what they were made of."""

from typing import Any

import numpy as np
import pytest

import hddm_sbi as hs
from benchmarks.scenarios import SCENARIOS, Scenario
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.to_arviz import group
from tests.chances import next_count_bound, r_hat_bound

PARTICIPANTS, TRIALS = 12, 100
CHAINS, TUNE, DRAWS = 4, 400, 400
# Least effective draws of the population's variables: 412 and more in fits with other seeds of the sampler.
EFFECTIVE = 300
# Mean and variance of the number of draws that diverge, of 1,600: none in fits with other seeds, but for truncated
# data, whose non-decision times have a cliff above and hardly an end below.
DIVERGENCES = dict.fromkeys(SCENARIOS, (0.2, 0.3)) | {"truncated": (9.0, 30.0)}


def experiment(scenario: Scenario) -> Any:
    """Trials of the typical population."""
    rng = np.random.default_rng([1, *scenario.name.encode()])
    return scenario.simulate(scenario.typical(), PARTICIPANTS, TRIALS, rng)[0]


def fit(scenario: Scenario, df: Any, seed: int = 1, **options: Any) -> Any:
    """Results of the model with the priors of the scenario."""
    priors = scenario.priors()
    lapses = {name: priors.pop(name) for name in scenario.lapses} or {"p_outlier": 0}
    model = hs.HierarchicalDDM(df, priors=priors, **{**scenario.options(), **lapses, **options})
    return model.sample(draws=DRAWS, tune=TUNE, chains=CHAINS, seed=seed, progress=False)


def errors(scenario: Scenario, idata: Any) -> dict[str, float]:
    """How far posterior means are from the truth, in posterior sds."""
    posterior, truth = group(idata, "posterior"), scenario.typical()
    found = {name: posterior[name].to_numpy() for name in scenario.population if name in posterior}
    return {name: float((x.mean() - truth[name]) / x.std()) for name, x in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fit_finds_what_the_trials_were_made_of(name: str) -> None:
    scenario = SCENARIOS[name]
    idata = fit(scenario, experiment(scenario))
    posterior = group(idata, "posterior")
    # at most 1.9 sds in any scenario, of 59 figures; the draws tell a mean to 0.06 sds
    assert max(map(abs, errors(scenario, idata).values())) < 2.5
    # it is the data that say so: drifts are known several times better than beforehand
    assert posterior["v_Intercept"].to_numpy().std() < 0.6 * scenario.coefficients["v_Intercept"].sd
    assert int(group(idata, "sample_stats")["diverging"].sum()) <= next_count_bound(*DIVERGENCES[name], of=1)
    columns = [posterior[name].to_numpy().reshape(CHAINS, DRAWS, 1) for name in scenario.population]
    r_hat = diagnostics(np.concatenate(columns, axis=-1))[2]
    # 1.07 to 1.08; it is 1.018 at most
    assert r_hat.max() < r_hat_bound(len(r_hat), EFFECTIVE, CHAINS)


@pytest.mark.slow
def test_dropped_omissions_bias_a_fit_unless_it_knows_of_them() -> None:
    scenario = SCENARIOS["deadline"]
    seen = experiment(scenario).dropna()
    assert 0.2 < 1.0 - len(seen) / (PARTICIPANTS * TRIALS) < 0.3
    dropped = {"deadline": None, "lapse_omission": 0}
    bias = errors(scenario, fit(scenario, seen, **dropped))
    # boundaries 10 sds too near, drifts 2.3 sds too large
    assert bias["a_Intercept"] < -6.0 and bias["v_Intercept"] > 1.5
    told = errors(scenario, fit(scenario, seen, **dropped, truncate=(None, scenario.deadline)))
    del told["p_outlier"]  # of the lapses those that never respond were dropped, so that there are fewer
    # 2.0 sds, like drifts from a fit to all trials, which are 1.3 sds from the truth
    assert max(map(abs, told.values())) < 3.0
