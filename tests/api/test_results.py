"""What ``sample`` returns: names, dimensions, labels, facts on the whole, and what is computed from it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import hddm_sbi
from hddm_sbi.errors import DataError, HDDMWarning, ModelError
from hddm_sbi.inference.sampler import STATISTICS
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.results.further_groups import GROUPS
from hddm_sbi.results.to_arviz import arviz, group, group_names, load, save
from hddm_sbi.ssm import get_model
from tests.observing import on_rows

QUICK = {"draws": 20, "tune": 30, "chains": 2, "progress": False}
SUBJECT = "subj÷id"


def test_groups(fitted) -> None:
    _, idata = fitted
    assert set(group_names(idata)) == {"posterior", "sample_stats", "observed_data", "constant_data", *GROUPS}


def test_groups_are_there_on_request_only(build) -> None:
    idata = build(pooling="complete").sample(groups="log_likelihood", **QUICK)
    assert set(group_names(idata)) == {"posterior", "sample_stats", "observed_data", "constant_data", "log_likelihood"}
    with pytest.raises(ModelError, match="groups names 'loglik'"):
        build().sample(groups=("loglik",), **QUICK)
    with pytest.raises(ModelError, match="no sampler 'gibbs'"):
        build().sample(sampler="gibbs", **QUICK)
    with pytest.raises(ModelError, match="draws must be a whole number of at least 1, not 0"):
        build().sample(draws=0)
    with pytest.raises(ModelError, match="groups is None; give a list of names from log_likelihood"):
        build().sample(groups=None)
    with pytest.raises(ModelError, match="cores is 0; it must be a positive integer"):
        build().sample(cores=0)


def test_variables_and_dimensions(fitted) -> None:
    posterior = group(fitted[1], "posterior")
    dims = {str(name): values.dims[2:] for name, values in posterior.data_vars.items()}
    by_subject = (SUBJECT, "condition")
    assert dims == {
        "v": ("condition",),
        "v_mean": ("condition",),
        "v_Intercept": (),
        "v_conf": ("v_conf_level",),
        "v_I(theta ÷ 2)": (),
        f"v_Intercept_{SUBJECT}_sd": (),
        f"v_conf_{SUBJECT}_sd": ("v_conf_level",),
        f"v_I(theta ÷ 2)_{SUBJECT}_sd": (),
        f"v_Intercept_{SUBJECT}": (SUBJECT,),
        f"v_conf_{SUBJECT}": (SUBJECT, "v_conf_level"),
        f"v_I(theta ÷ 2)_{SUBJECT}": (SUBJECT,),
        f"v_{SUBJECT}": by_subject,
        "a": ("condition",),
        "a_mean": ("condition",),
        "a_stim": ("a_stim_level",),
        f"a_stim_{SUBJECT}_sd": ("a_stim_level",),
        f"a_stim_{SUBJECT}": (SUBJECT, "a_stim_level"),
        f"a_{SUBJECT}": by_subject,
        "z": (),
        "z_mean": (),
        "z_Intercept": (),
        f"z_Intercept_{SUBJECT}_sd": (),
        f"z_Intercept_{SUBJECT}": (SUBJECT,),
        f"z_{SUBJECT}": (SUBJECT,),
        "t0": (),
        "t0_mean": (),
        "t0_Intercept": (),
        f"t0_Intercept_{SUBJECT}_sd": (),
        f"t0_Intercept_{SUBJECT}": (SUBJECT,),
        f"t0_{SUBJECT}": (SUBJECT,),
        "p_outlier": (),
    }
    assert posterior.sizes["chain"] == 2
    assert posterior.sizes["draw"] == 60
    assert posterior[SUBJECT].values.tolist() == ["s1", "s2", "s3"]
    assert posterior["v_conf_level"].values.tolist() == ["LC"]
    assert posterior["a_stim_level"].values.tolist() == ["a", "b", "c"]


def test_conditions(fitted, build) -> None:
    model, idata = fitted
    labels = [f"conf={conf}, stim={stim}" for conf in ("HC", "LC") for stim in "abc"]
    assert group(idata, "posterior")["condition"].values.tolist() == labels
    assert model.conditions.index.tolist() == labels
    assert model.conditions.columns.tolist() == ["conf", "stim"]
    one = build(formula="v ~ conf").conditions
    assert one.index.tolist() == ["conf=HC", "conf=LC"]


def test_a_condition_that_a_participant_never_saw_is_missing(fitted) -> None:
    posterior = group(fitted[1], "posterior")
    v = posterior[f"v_{SUBJECT}"]
    seen = [label.startswith("conf=HC") for label in v["condition"].values]
    assert np.isfinite(v.sel({SUBJECT: ["s1", "s3"]})).all()
    assert np.isfinite(v.sel({SUBJECT: "s2"})[..., seen]).all()
    assert np.isnan(v.sel({SUBJECT: "s2"})[..., ~np.array(seen)]).all()


def test_natural_scale(fitted) -> None:
    posterior = group(fitted[1], "posterior")
    typical = posterior["v"].sel(condition="conf=LC, stim=a")
    # theta at its mean over trials
    mean = group(fitted[1], "constant_data")["theta"].mean()
    expected = (
        posterior["v_Intercept"] + posterior["v_conf"].sel(v_conf_level="LC") + mean / 2 * posterior["v_I(theta ÷ 2)"]
    )
    np.testing.assert_allclose(typical, expected)
    np.testing.assert_allclose(posterior["t0"], np.exp(posterior["t0_Intercept"]))
    np.testing.assert_allclose(posterior["z"], 1 / (1 + np.exp(-posterior["z_Intercept"])))
    variance = posterior[f"t0_Intercept_{SUBJECT}_sd"] ** 2
    np.testing.assert_allclose(posterior["t0_mean"], np.exp(posterior["t0_Intercept"] + variance / 2))
    own = posterior["t0_Intercept"] + posterior[f"t0_Intercept_{SUBJECT}"]
    np.testing.assert_allclose(posterior[f"t0_{SUBJECT}"], np.exp(own))


def test_pooling_decides_on_the_variables(build) -> None:
    apart = group(build(pooling="none").sample(**QUICK), "posterior")
    assert set(apart.data_vars) - {"p_outlier"} == {
        name for p in ("v", "a", "z", "t0") for name in (f"{p}_Intercept_subject", f"{p}_subject")
    }
    one = group(build(pooling="complete").sample(**QUICK), "posterior")
    assert set(one.data_vars) - {"p_outlier"} == {
        name for p in ("v", "a", "z", "t0") for name in (p, f"{p}_mean", f"{p}_Intercept")
    }


def test_sample_stats(fitted) -> None:
    stats = group(fitted[1], "sample_stats")
    assert set(STATISTICS) <= set(stats.data_vars)
    assert all(stats[name].shape == (2, 60) for name in STATISTICS)
    assert stats["diverging"].dtype == bool


def test_data_groups(fitted, experiment) -> None:
    _, idata = fitted
    np.testing.assert_allclose(group(idata, "observed_data")["rt"], experiment["rt"])
    np.testing.assert_array_equal(group(idata, "observed_data")["choice"], experiment["response"])
    constant = group(idata, "constant_data")
    assert constant[SUBJECT].values.tolist() == experiment["subject"].tolist()
    assert constant["conf"].values.tolist() == experiment["conf"].tolist()
    np.testing.assert_array_equal(constant["theta"], experiment["theta"])


def test_a_covariate_may_be_called_trial(experiment) -> None:
    experiment["trial"] = np.arange(len(experiment)) / 100
    model = hddm_sbi.HierarchicalDDM(experiment, formula="v ~ trial", likelihood="exact")
    idata = model.sample(**QUICK)
    assert "v_trial" in group(idata, "posterior")
    np.testing.assert_array_equal(group(idata, "constant_data")["trial_"], experiment["trial"])


def test_attributes_say_what_made_the_file(fitted) -> None:
    _, idata = fitted
    assert all(isinstance(value, str) for value in idata.attrs.values())
    assert idata.attrs["hddm_sbi_version"] == hddm_sbi.__version__
    assert idata.attrs["seed"] == "1"
    assert idata.attrs["likelihood"] == "exact"
    assert idata.attrs["sampler"] == "nutpie"
    assert "weights_sha256" not in idata.attrs
    described = json.loads(idata.attrs["model"])
    assert described["model"] == "ddm"
    assert described["groupby"] == "subj/id"
    assert described["formula"] == ["v ~ conf + I(theta / 2)", "a ~ 0 + stim"]
    assert described["priors"]["v_Intercept"].startswith("Normal")


def test_shared_by_name_is_recorded_as_one(build) -> None:
    idata = build(shared="t0").sample(**QUICK)
    assert json.loads(idata.attrs["model"])["shared"] == ["t0"]


def test_file_and_back(fitted, tmp_path: Path) -> None:
    model, idata = fitted
    save(idata, tmp_path / "idata.nc")
    again = load(tmp_path / "idata.nc")
    assert group_names(again) == group_names(idata)
    assert dict(again.attrs) == dict(idata.attrs)
    for name in group_names(idata):
        xr.testing.assert_identical(group(again, name), group(idata, name))
    for one, other in (
        (model.predict(idata), model.predict(again)),
        (model.parameters(idata), model.parameters(again)),
    ):
        xr.testing.assert_identical(one, other)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ArviZ itself
        by_arviz = arviz.from_netcdf(str(tmp_path / "idata.nc"))
    xr.testing.assert_identical(model.predict(by_arviz), model.predict(idata))


def test_results_of_another_model(fitted, build) -> None:
    with pytest.raises(DataError, match="no variable 'v_stim': they belong to another model"):
        build(formula="v ~ stim").predict(fitted[1])


def test_the_seed_of_predictions_is_checked(fitted) -> None:
    model, idata = fitted
    with pytest.raises(ModelError, match="seed is -1; it must be a non-negative integer"):
        model.predict(idata, seed=-1)


def test_print(fitted) -> None:
    text = str(fitted[0])
    assert "Model 'ddm', likelihood exact: 120 trials of 3 participants (subj/id)." in text
    assert "rt in seconds; response: 0 = lower, 1 = upper." in text
    assert "log(a)    ~ 0 + stim + (0 + stim || `subj/id`)" in text
    assert "v_Intercept" in text
    assert "~ Beta(1, 20)" in text
    assert "  conf=HC, stim=a" in text


def test_prior_table(fitted) -> None:
    model, idata = fitted
    table = model.priors
    assert table.columns.tolist() == ["parameter", "variable", "link", "prior", "source", "meaning"]
    implied = table["source"].str.startswith("implied")
    assert set(table["variable"][~implied]) <= set(group(idata, "posterior").data_vars)
    assert set(table["variable"][implied]) >= {"v[conf=HC]", "v[conf=LC] - v[conf=HC]"}
    assert set(group(idata, "prior").data_vars) == set(group(idata, "posterior").data_vars)


def test_parameters_of_each_trial(fitted, experiment) -> None:
    model, idata = fitted
    parameters = model.parameters(idata)
    posterior = group(idata, "posterior")
    assert list(parameters.data_vars) == ["v", "a", "z", "t0", "p_outlier"]
    assert dict(parameters.sizes) == {"chain": 2, "draw": 60, "trial": 120}
    trial = 7
    row = experiment.iloc[trial]
    at = posterior[f"a_{SUBJECT}"].sel(
        {SUBJECT: row["subject"], "condition": f"conf={row['conf']}, stim={row['stim']}"}
    )
    np.testing.assert_allclose(parameters["a"].isel(trial=trial), at)
    np.testing.assert_allclose(parameters["t0"].isel(trial=trial), posterior[f"t0_{SUBJECT}"].sel({SUBJECT: "s1"}))


def test_new_data(fitted, experiment) -> None:
    model, idata = fitted
    some = experiment.iloc[[90, 3, 41]]
    xr.testing.assert_allclose(
        model.parameters(idata, some), model.parameters(idata).isel(trial=[90, 3, 41]), rtol=1e-12
    )
    new = some.drop(columns=["rt", "response"]).assign(theta=0.0)
    predicted = model.predict(idata, new, seed=3)
    assert dict(predicted.sizes) == {"chain": 2, "draw": 60, "trial": 3}
    assert (predicted["rt"] > 0).all()
    xr.testing.assert_identical(predicted, model.predict(idata, new, seed=3))
    assert not predicted["rt"].equals(model.predict(idata, new, seed=4)["rt"])
    with pytest.raises(DataError, match="the new data has no column 'stim'"):
        model.predict(idata, new.drop(columns="stim"))
    with pytest.raises(DataError, match="group s9"):
        model.predict(idata, new.assign(**{"subj/id": "s9"}))
    with pytest.raises(DataError, match="'d', which was not in the data"):
        model.predict(idata, new.assign(stim="d"))


def test_predictions_look_like_the_data(fitted, experiment) -> None:
    model, idata = fitted
    predicted = model.predict(idata)
    # a mean of 120 trials varies by its standard error, and the posterior by about as much; means of other draws are
    # within 0.3 of these errors
    for observed, simulated in (
        (experiment["rt"], predicted["rt"]),
        (experiment["response"], predicted["choice"]),
    ):
        error = np.sqrt(2.0) * observed.std() / np.sqrt(len(observed))
        assert abs(float(simulated.mean()) - observed.mean()) < 4 * error
    assert set(np.unique(predicted["choice"])) == {0, 1}
    # coefficients are read from what is reported, and may differ from those that were sampled in the last digits
    xr.testing.assert_allclose(
        group(idata, "posterior_predictive")[["rt", "choice"]].drop_vars(["chain", "draw", "trial"]),
        model.predict(idata, seed=1),
    )


def test_an_impossible_prior_draw_has_no_trial(build) -> None:
    # under an identity link a participant's boundary may fall below zero a priori
    model = build(links={"a": "identity"})
    idata = model.sample(groups=("prior", "prior_predictive"), draws=200, tune=30, chains=1, progress=False)
    negative = (group(idata, "prior")["a_subject"] <= 0).values
    assert negative.any()
    rt = group(idata, "prior_predictive")["rt"].values.reshape(1, 200, 3, -1)
    choice = group(idata, "prior_predictive")["choice"].values.reshape(rt.shape)
    np.testing.assert_array_equal(np.isnan(rt), np.isnan(choice))
    assert np.isnan(rt[negative]).any()
    assert not np.isnan(rt[~negative]).any()


def test_log_likelihood_is_what_is_sampled(fitted) -> None:
    model, idata = fitted
    pointwise = group(idata, "log_likelihood")["rt"]
    assert pointwise.dims == ("chain", "draw", "trial")
    parameters = model.parameters(idata)
    theta = np.stack([parameters[name].values[1, 5] for name in model.likelihood.parameters], axis=-1)
    rows, trials = np.arange(model.trials.n), model.trials
    expected = on_rows(model.likelihood, trials.rt, trials.choice, theta, rows).log_prob(theta)
    np.testing.assert_allclose(pointwise.values[1, 5], expected, rtol=1e-10)


@pytest.mark.parametrize("pooling", ["partial", "complete"])
def test_draws_outside_the_training_box_are_reported_by_participant(build, pooling: str) -> None:
    ddm = get_model("ddm")
    narrow = Canonical.of(ddm, ((-6.0, 6.0), (4.0, 5.0), (0.05, 0.95), (0.0, 2.0)))
    estimator = FirstPassageEstimator(narrow, Architecture(hidden=8, layers=1, choice_hidden=4)).eval()
    model = build(likelihood=estimator, pooling=pooling)
    with pytest.warns(HDDMWarning, match="outside the range that the network was trained on, mainly in 'a'"):
        idata = model.sample(**QUICK)
    shares = json.loads(idata.attrs["draws_outside_training_box"])
    assert list(shares) == ["s1", "s2", "s3"]
    with pytest.warns(HDDMWarning):
        assert model.outside_box(idata).by_subject.shape == (3,)
