"""``HierarchicalDDM`` with the other models: races of several options, bounded parameters, widths of starts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.choose import Chosen
from hddm_sbi.cli.experiment import simulate_experiment
from hddm_sbi.errors import DataError, HDDMWarning, ModelError
from hddm_sbi.inference.initial import rough_values
from hddm_sbi.inference.potential import Potential
from hddm_sbi.results.to_arviz import group
from hddm_sbi.ssm import SSM, get_model, list_models
from tests.inference.toys import SmoothLikelihood


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any model has a likelihood of no meaning, with the box of a network."""
    monkeypatch.setattr(
        "hddm_sbi.api.choose_likelihood", lambda ssm, _: Chosen(SmoothLikelihood(ssm.parameter_names), "toy", ssm.box)
    )


def race(name: str, n_choices: int, subjects: int = 3, trials: int = 40) -> pd.DataFrame:
    return simulate_experiment(name, subjects, trials, seed=3, n_choices=n_choices)[0]


@pytest.mark.parametrize("name", ["rdm", "lba"])
@pytest.mark.parametrize("n_choices", [2, 3, 4])
def test_a_race_has_as_many_accumulators_as_the_data_have_options(name: str, n_choices: int) -> None:
    model = HierarchicalDDM(race(name, n_choices), groupby="subject", model=name)
    assert "likelihood exact" in repr(model)  # races need no network
    assert model.ssm is get_model(name, n_choices)
    names = (*(f"v{k}" for k in range(n_choices)), "B", "A", "t0")
    assert tuple(parameter.name for parameter in model.spec.parameters) == (*names, "p_outlier")
    assert model.likelihood.n_choices == n_choices
    # the lapses are spread over all options
    (events,) = model._bound.events
    np.testing.assert_allclose(events.events.lapse, -np.log(n_choices * model.trials.rt.max()))
    assert f"{n_choices - 1} = choice {n_choices - 1}" in repr(model)


def test_a_race_from_its_data_to_its_predictions() -> None:
    frame = race("rdm", 3).assign(cond=np.tile(["A", "B"], 60))
    frame["key"] = np.array(["left", "middle", "right"])[frame["response"]]
    model = HierarchicalDDM(
        frame, groupby="subject", formula="v0 ~ cond", model="rdm", likelihood="exact", response="key",
        choices=("left", "middle", "right"), random_slopes=False,
    )  # fmt: skip
    groups = ("log_likelihood", "posterior_predictive", "prior_predictive")
    idata = model.sample(draws=40, tune=80, chains=2, seed=1, groups=groups, progress=False)
    posterior = group(idata, "posterior")
    assert posterior["v0"].dims == ("chain", "draw", "condition") and posterior["v1_subject"].dims[-1] == "subject"
    assert (posterior["B"] > 0).all()
    assert np.isfinite(group(idata, "log_likelihood")["rt"]).all()
    for name in ("posterior_predictive", "prior_predictive"):
        assert set(np.unique(group(idata, name)["choice"])) == {0, 1, 2}
    assert model.parameters(idata).sizes["trial"] == 120
    assert model.predict(idata, frame.head(4))["rt"].sizes["trial"] == 4


def test_a_race_of_error_and_correct() -> None:
    model = HierarchicalDDM(race("lba", 2), groupby="subject", model="lba", likelihood="exact", coding="accuracy")
    assert all(parameter.fixed is None for parameter in model.spec.parameters)
    assert "0 = error (choice 0), 1 = correct (choice 1)" in repr(model)


@pytest.mark.parametrize(
    ("frame", "options", "error", "message"),
    [
        (race("rdm", 4).assign(response=np.arange(120) % 5), {"model": "rdm"}, DataError, "the model 2 to 4 options"),
        (race("rdm", 3).assign(response=1), {"model": "rdm"}, DataError, "name all options"),
        (race("rdm", 3), {}, DataError, "the model two options"),
        (race("rdm", 3), {"model": "rdm", "coding": "accuracy"}, DataError, "error or correct"),
        (race("rdm", 2), {"model": "rmd"}, ModelError, "did you mean 'rdm'"),
        (race("rdm", 2), {"model": "rdm", "fixed": {"v2": 1.0}}, ModelError, "v2"),
    ],
)
def test_what_does_not_fit(
    frame: pd.DataFrame, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        HierarchicalDDM(frame, groupby="subject", **{"likelihood": "exact", **options})


@pytest.mark.parametrize("name", list_models())
def test_starting_points_of_every_model(name: str, toy: None) -> None:
    """Rules of thumb lie in the training range, and nearer to the truth than half of it."""
    frame, truth = simulate_experiment(name, 6, 60, seed=5)
    ssm = get_model(name)
    model = HierarchicalDDM(frame, groupby="subject", model=name, p_outlier=0)
    values = rough_values(model.spec, model._bound.trials, ssm)
    low, high = ssm.box.T
    assert ((values >= low) & (values <= high)).all()
    theta = np.array([list(subject.values()) for subject in truth["subjects"].values()])
    assert (np.abs(values - ssm.proportions(theta)) < 0.5 * (high - low)).all()
    assert np.isfinite(model.log_density(model._start))


def test_boundaries_that_meet_begin_by_meeting_late(toy: None) -> None:
    frame = simulate_experiment("angle", 4, 50, seed=5)[0]
    frame.loc[3, "rt"] = 25.0
    model = HierarchicalDDM(frame, groupby="subject", model="angle", p_outlier=0)
    _, a, _, t0, angle = rough_values(model.spec, model._bound.trials, model.ssm).T
    assert (t0 + 0.5 * a / np.tan(angle) > 25.0).all()


@pytest.fixture
def variable(full_ddm: SSM) -> pd.DataFrame:
    return simulate_experiment(full_ddm, 4, 50, seed=6)[0]


@pytest.mark.filterwarnings("ignore:the likelihood has no compiled form", "ignore:.*outside the range that the network")
def test_across_trial_variability(full_ddm: SSM, variable: pd.DataFrame, toy: None) -> None:
    model = HierarchicalDDM(variable, groupby="subject", model=full_ddm)
    idata = model.sample(draws=30, tune=60, chains=2, seed=1, groups=("prior_predictive",), progress=False)
    posterior, theta = group(idata, "posterior"), model.parameters(idata)
    assert "sz_subject" in posterior and "sz_Intercept_subject_sd" not in posterior and "sv_subject" not in posterior
    assert (theta["sz"] < 2.0 * np.minimum(theta["z"], 1.0 - theta["z"])).all() and (theta["sz"] > 0.0).all()
    at = int(np.flatnonzero(model.trials.subject == 2)[0])
    np.testing.assert_allclose(theta["sz"][..., at], posterior["sz_subject"][..., 2], rtol=1e-12)
    assert np.isfinite(model.predict(idata, seed=1)["rt"]).all()
    assert np.isfinite(group(idata, "prior_predictive")["rt"]).all()


def test_the_box_of_a_width_is_that_of_its_proportion(full_ddm: SSM, variable: pd.DataFrame, toy: None) -> None:
    fixed = {"z": 0.1, "st0": 0.0}
    model = HierarchicalDDM(variable, groupby="subject", model=full_ddm, fixed=fixed, pooling="complete")
    draws = {f"{name}_Intercept": np.zeros((1, 1)) for name in ("v", "a", "t0", "sv", "sz")} | {
        "p_outlier": np.zeros((1, 1))
    }
    assert model._outside_box(draws).overall == 0.0
    draws["sz_Intercept"] = np.full((1, 1), 8.0)  # a proportion of 0.9997, a width of 0.19994
    with pytest.warns(HDDMWarning, match="mainly in 'sz'"):
        assert model._outside_box(draws).overall == 1.0


@pytest.mark.parametrize(("name", "advice"), [("ddm", "likelihood='exact'"), ("levy", "certify")])
def test_draws_outside_the_box_come_with_what_the_model_can_do(name: str, advice: str, toy: None) -> None:
    frame = simulate_experiment(name, 1, 30, seed=5)[0]
    model = HierarchicalDDM(frame, model=name, p_outlier=0)
    draws = {f"{parameter.name}_Intercept": np.full((1, 1), 9.0) for parameter in model.ssm.parameters}
    with pytest.warns(HDDMWarning, match=f"more than a few, check the result with {advice}"):
        assert model._outside_box(draws).overall == 1.0


def test_without_variability_the_full_model_is_the_ddm(variable: pd.DataFrame) -> None:
    at = {"groupby": "subject", "likelihood": "exact"}
    ddm = HierarchicalDDM(variable, model="ddm", **at)
    full = HierarchicalDDM(variable, model="full_ddm", fixed={"sv": 0, "sz": 0, "st0": 0}, **at)
    ours, theirs = (Potential(model.spec, model._bound) for model in (full, ddm))
    for seed in range(3):
        u = 0.3 * np.random.default_rng(seed).normal(size=ours.ndim)
        np.testing.assert_allclose(ours.log_density(u), theirs.log_density(u), rtol=1e-7)
        np.testing.assert_allclose(ours.log_density_grad(u)[1], theirs.log_density_grad(u)[1], rtol=1e-5, atol=1e-4)


def test_the_gradient_of_the_full_model_is_that_of_its_density(variable: pd.DataFrame) -> None:
    model = HierarchicalDDM(variable, groupby="subject", model="full_ddm", likelihood="exact", formula="z ~ 1")
    u = model._start + 0.05 * np.random.default_rng(1).normal(size=model.potential.ndim)
    _, gradient = model.potential.log_density_grad(u)
    step = 1e-4
    for i, e in enumerate(step * np.eye(len(u))):
        slope = (model.log_density(u + e) - model.log_density(u - e)) / (2.0 * step)
        assert gradient[i] == pytest.approx(slope, rel=1e-4, abs=1e-3)
