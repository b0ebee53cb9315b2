"""Stimulus coding from the table to predictions: the drift without its sign in results, with it in the process."""

import json

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.to_arviz import group
from tests.chances import next_count_bound, r_hat_bound

MAPPING = {"stim": {"nonword": "left", "word": "right"}}
TRUTH = {"v": 1.2, "v_bias": 0.3, "a": 1.5, "z": 0.55, "t0": 0.3}


def experiment(people: int, n: int, seed: int) -> pd.DataFrame:
    """Participants around the truth, each with as many words as nonwords."""
    rng, parts = np.random.default_rng(seed), []
    for subject in range(people):
        word = np.arange(n) % 2 == 1
        v, bias = rng.normal(TRUTH["v"], 0.3), rng.normal(TRUTH["v_bias"], 0.1)
        a, z = TRUTH["a"] * np.exp(rng.normal(0.0, 0.1)), rng.normal(TRUTH["z"], 0.02)
        t0 = TRUTH["t0"] * np.exp(rng.normal(0.0, 0.1))
        drift = np.where(word, v, -v) + bias
        theta = np.column_stack([drift, np.full(n, a), np.full(n, z), np.full(n, t0)])
        rt, choice = hs.simulate("ddm", theta, 1, seed=100 * seed + subject)
        stim, response = np.where(word, "word", "nonword"), np.where(choice[:, 0] == 1, "right", "left")
        parts.append(pd.DataFrame({"subject": subject, "stim": stim, "rt": rt[:, 0], "response": response}))
    return pd.concat(parts, ignore_index=True)


def build(frame: pd.DataFrame, **options) -> hs.HierarchicalDDM:
    given = {"groupby": "subject", "likelihood": "exact", "coding": "stimulus", "stimulus": MAPPING}
    return hs.HierarchicalDDM(frame, **{**given, "formula": "v_bias ~ 1", **options})


@pytest.fixture(scope="module")
def fitted():
    model = build(experiment(3, 60, 1))
    return model, model.sample(draws=60, tune=150, chains=2, seed=1, groups=("posterior_predictive",), progress=False)


def test_results(fitted):
    model, idata = fitted
    posterior = group(idata, "posterior")
    assert {"v", "v_mean", "v_subject", "v_bias", "v_bias_mean", "v_bias_subject"} <= set(posterior.data_vars)
    stated = json.loads(idata.attrs["model"])
    assert stated["coding"] == "stimulus" and stated["stimulus"] == MAPPING
    assert stated["equations"]["v_bias"] == stated["equations"]["v"] == "1 + (1 | subject)"
    assert list(group(idata, "constant_data")["stim"].to_numpy()) == list(model.trials.frame["stim"])


def test_the_process_has_the_sign(fitted):
    model, idata = fitted
    posterior = group(idata, "posterior")
    new = pd.DataFrame({"subject": [2, 2], "stim": ["word", "nonword"]})
    v = model.parameters(idata, new)["v"]
    drift, bias = (posterior[name].sel(subject=2) for name in ("v_subject", "v_bias_subject"))
    np.testing.assert_allclose(v.isel(trial=0), drift + bias)
    np.testing.assert_allclose(v.isel(trial=1), bias - drift)
    # 2 x 60 trials of each: shares near .95 and .2, whose standard errors are .02 and .04
    words, others = model.predict(idata, new, seed=1)["choice"].mean(("chain", "draw")).to_numpy()
    assert words > 0.75 and others < 0.5
    seen = group(idata, "posterior_predictive")["choice"].to_numpy().mean((0, 1))
    assert seen[model.trials.frame["stim"] == "word"].min() > seen[model.trials.frame["stim"] == "nonword"].max() - 0.2


def test_new_data_needs_the_stimulus(fitted):
    model, idata = fitted
    with pytest.raises(DataError, match="the new data has no column 'stim', the stimulus"):
        model.predict(idata, pd.DataFrame({"subject": [1]}))
    with pytest.raises(DataError, match="the stimulus 'pseudo', which the model does not know; it knows 'nonword'"):
        model.predict(idata, pd.DataFrame({"subject": [1], "stim": ["pseudo"]}))


def test_draws_of_another_coding_are_refused(fitted):
    model, idata = fitted
    other = build(model.trials.frame, stimulus={"stim": {"nonword": "left", "word": "right", "pseudo": "left"}})
    with pytest.raises(DataError, match=r"they were drawn with stimulus .*, but this model has .*pseudo"):
        other.parameters(idata)
    plain = build(model.trials.frame, coding="response", stimulus=None, formula=None)
    with pytest.raises(DataError, match="they were drawn with stimulus"):
        plain.parameters(idata)


def test_wrong_options(fitted):
    frame = fitted[0].trials.frame
    with pytest.raises(ModelError, match=r'coding="stimulus" needs stimulus, the column .*; it is not given'):
        build(frame, stimulus=None)
    with pytest.raises(ModelError, match="stimulus is given, but coding is 'response'"):
        build(frame, coding="response", formula=None)
    with pytest.raises(DataError, match=r"such as stimulus=\{'stim': \{'nonword': 'left', 'word': 'right'\}\}"):
        build(frame, stimulus="stim")


CHAINS, TUNE, DRAWS = 4, 300, 300
# Least effective draws of all quantities: 366 and more in seven fits that were looked at.
EFFECTIVE = 300


def test_a_fit_recovers_drift_criterion_and_start():
    model = build(experiment(10, 100, 4))
    idata = model.sample(draws=DRAWS, tune=TUNE, chains=CHAINS, seed=1, progress=False)
    posterior = group(idata, "posterior")
    # none diverged in seven fits that were looked at
    assert int(group(idata, "sample_stats")["diverging"].sum()) <= next_count_bound(0.2, 0.3, of=1)
    for name, truth in TRUTH.items():
        found = posterior[name].to_numpy()
        # within 1.65 sds; the draws tell the mean to 0.06 sds
        assert abs(found.mean() - truth) < 3.0 * found.std(), name
    # a start and a criterion of the same direction are told apart: both are 3.7 sds and more from none, to 0.2 sds
    assert posterior["v_bias"].mean() > 2.0 * posterior["v_bias"].std()
    assert posterior["z"].mean() - 0.5 > 2.0 * posterior["z"].std()
    columns = [values.to_numpy().reshape(CHAINS, DRAWS, -1) for values in posterior.values()]
    r_hat = diagnostics(np.concatenate(columns, axis=-1))[2]
    assert r_hat.max() < r_hat_bound(len(r_hat), EFFECTIVE, CHAINS)
