"""Designs as experiments have them: compiled and Pyro's density agree, and results have what was asked for."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pyro.infer.mcmc.util import initialize_model
from rich.console import Console

import hddm_sbi as hs
from hddm_sbi.api import _with_draws
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.results.quantities import quantities
from hddm_sbi.results.report import print_report
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results, group, to_datasets, to_inference_data
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.recoding import to_reported, to_sampled
from tests.api.test_pyro import sites_at


def crossed_experiment(seed: int = 3) -> pd.DataFrame:
    """12 people in 4 sites, patients and controls, 2 x 2 conditions, 6 items; what happens is drawn at random."""
    rng, n_each = np.random.default_rng(seed), 24
    subject = np.repeat(np.arange(12), n_each)
    number = np.tile(np.arange(n_each), 12)
    n = len(subject)
    return pd.DataFrame(
        {
            "subject": subject,
            "site": np.array(["A", "B", "C", "D"])[subject % 4],
            "patient": np.where(subject < 6, "yes", "no"),
            "age": (20 + 3 * subject).astype(float),
            "cond": np.where(number % 2, "fast", "slow"),
            "stim": np.where(number // 2 % 2, "word", "face"),
            "item": rng.integers(0, 6, n).astype(str),
            "number": number.astype(float),
            "x": rng.normal(size=n).round(2),
            "rt": rng.uniform(0.5, 2.0, n).round(3),
            "response": rng.integers(0, 2, n),
        }
    )


DESIGNS = {
    "crossed items": {"formula": "v ~ 1 + (1 | subject) + (1 | item)"},
    "sites": {"formula": "v ~ 1 + (1 | site/subject)", "shared": ("z",)},
    "within x between": {"formula": "v ~ cond * stim * patient"},
    "spline": {"formula": "a ~ bs(number, df=4) + (1 | subject)"},
    "intercept and slope": {"formula": "v ~ x + (x | subject)", "correlated": "v"},
    "all of them": {"formula": ["v ~ cond", "a ~ cond"], "correlated": True},
    "own sds": {"formula": "v ~ patient + cond + (cond | gr(subject, by=patient))", "correlated": True},
    "by name": {"formula": ["v ~ cond + (cond |p| subject)", "a ~ 1 + (1 |p| subject)", "t0 ~ 1 + (1 |q| subject)"]},
    "some apart": {"formula": "v ~ cond + stim + (cond + stim || subject)", "correlated": ["v", "a", "t0"]},
    "offset": {"formula": ["v ~ offset(x) + age", "a ~ offset(np.log(number + 1))"]},
    "two populations": {"formula": "v ~ 1 + (cond | subject) + (1 | item)", "correlated": True},
    "session effects": {"formula": "v ~ 0 + cond + (0 + cond | subject)", "correlated": ["v"]},
    "sum": {"formula": "v ~ cond * stim", "contrasts": "sum", "correlated": True},
    "helmert": {"formula": "v ~ cond * site", "contrasts": "helmert", "random_slopes": False},
    "criterion": {
        "coding": "stimulus", "stimulus": {"stim": {"word": 1, "face": 0}}, "formula": ["v ~ cond", "v_bias ~ 1"],
        "correlated": True,
    },
}  # fmt: skip


def build(name: str) -> hs.HierarchicalDDM:
    return hs.HierarchicalDDM(crossed_experiment(), groupby="subject", likelihood="exact", **DESIGNS[name])


pytestmark = pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")


@pytest.mark.parametrize("name", DESIGNS)
def test_the_compiled_density_is_pyros(name: str) -> None:
    model = build(name)
    points = 0.2 * np.random.default_rng(1).normal(size=(2, model.potential.ndim))
    _, potential_fn, _, _ = initialize_model(model.pyro_model, initial_params=sites_at(model, points[0]))
    for u in points:
        assert model.log_density(u) == pytest.approx(-float(potential_fn(sites_at(model, u))), rel=1e-10, abs=1e-8)
        gradient = model.potential.log_density_grad(u)[1]
        at = {key: value.requires_grad_(True) for key, value in sites_at(model, u).items()}
        by_site = torch.autograd.grad(potential_fn(at), list(at.values()))
        expected = -np.concatenate([by.reshape(-1).numpy() for by in by_site])
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("name", DESIGNS)
def test_draws_that_are_reported_can_be_read_again(name: str) -> None:
    model = build(name)
    sampled = prior_coefficients(model.spec, 30, 2)
    reported = to_reported(model.spec, sampled)
    again = to_sampled(model.spec, reported)
    assert again.keys() == sampled.keys()
    for site, value in sampled.items():
        np.testing.assert_allclose(again[site], value, rtol=1e-6, atol=1e-8, err_msg=site)
    for block in blocks_of(model.spec):
        for one in block.sets:
            matrix = reported[one.correlation.posterior_variable]
            np.testing.assert_allclose(np.einsum("...ii->...i", matrix), 1.0, atol=1e-9)
            assert np.linalg.eigvalsh(matrix).min() > -1e-9
    together = any(term.correlation is not None for _, term in model.spec.group_terms())
    assert together == ("correlated" in DESIGNS[name] or name == "by name")


def test_each_stratum_has_its_own_spread_and_correlation() -> None:
    model = build("own sds")
    prior = group(model.prior_predictive(draws=10, seed=1), "prior")
    assert prior["v_Intercept_subject_sd"].dims == ("chain", "draw", "patient_stratum")
    assert prior["subject_by_patient_corr"].sizes["patient_stratum"] == 2
    assert prior["patient_stratum"].to_numpy().tolist() == ["no", "yes"]
    assert prior["subject_corr"].dims == ("chain", "draw", "subject_effect", "subject_effect_bis")
    assert prior["subject_effect"].to_numpy().tolist() == ["a_Intercept", "z_Intercept", "t0_Intercept"]


def test_new_people_are_as_different_as_the_population_says() -> None:
    """Deviations of unseen participants have the drawn sds and correlations, those of their stratum."""
    model = build("own sds")
    coefficients = prior_coefficients(model.spec, 1, 5)
    variables, coords = model._variables(coefficients)
    one = to_datasets({"posterior": _with_draws(variables)}, coords)
    posterior = one["posterior"].isel(draw=np.zeros(4000, dtype=int)).assign_coords(draw=np.arange(4000))
    draws = {str(name): (array.dims, array.to_numpy()) for name, array in posterior.items()}
    idata = to_inference_data({"posterior": draws}, coords, {})
    people = crossed_experiment().iloc[[0, 0]].assign(subject=[100, 101], patient=["yes", "no"], cond="fast")
    theta = model.parameters(idata, people, new_groups="sample")["v"].to_numpy()[0]
    expected = [np.sqrt(float(posterior["v_Intercept_subject_sd"][0, 0, stratum]) ** 2) for stratum in (1, 0)]
    # fast is the reference: the deviation of a new person is that of the intercept; 4,000 draws know an sd to 1.1%
    np.testing.assert_allclose(theta.std(axis=0), expected, rtol=0.05)


def drawn_from_the_prior(model: hs.HierarchicalDDM, draws: int, seed: int = 1) -> Results:
    """Draws of the prior in place of a posterior."""
    variables, coords = model._variables(prior_coefficients(model.spec, draws, seed))
    return to_inference_data({"posterior": _with_draws(variables)}, coords, {})


@pytest.mark.parametrize("contrasts", ["treatment", "sum"])
def test_correlated_effects_are_certified(contrasts: str) -> None:
    """The diagonal of a correlation matrix is 1 in every draw, whatever the coding; that says nothing of a sampler."""
    model = hs.HierarchicalDDM(
        crossed_experiment(), groupby="subject", likelihood="exact", formula="v ~ cond", contrasts=contrasts,
        correlated=True,
    )  # fmt: skip
    idata = drawn_from_the_prior(model, 40)
    matrix = group(idata, "posterior")["subject_corr"].to_numpy()
    assert (np.einsum("...ii->...i", matrix) == 1.0).all()
    assert "score test" in model.certify(idata, method="score", seconds=0.5).sentence


def _prior_as_posterior(model: hs.HierarchicalDDM, draws: int = 2) -> Any:
    """Draws of the prior as if they were a fit's."""
    variables, coords = model._variables(prior_coefficients(model.spec, draws, 1))
    return to_inference_data(
        {"posterior": _with_draws(variables)}, coords, {"model": json.dumps(model._options, default=str)}
    )


def test_correlations_are_shown_beside_their_priors() -> None:
    model = build("all of them")
    idata = _prior_as_posterior(model, 4000)
    table = summarise(idata)
    rows = table[table["kind"] == "correlation"]
    assert len(rows) == 15 and set(rows["variable"]) == {"subject_corr"}  # six effects, each pair once
    # the draws are those of the prior, which is what the table says of them; known to .02
    said = rows["prior"].str.extract(r"mean (.*), sd (.*)").astype(float)
    np.testing.assert_allclose(said[0], rows["mean"], atol=0.04)
    np.testing.assert_allclose(said[1], rows["sd"], atol=0.04)
    # two differences from one reference share it, parameters of other conditions do not
    shared = rows.loc["subject_corr[v_Intercept, v_cond[slow]]", "mean"]
    assert shared < -0.3 and abs(rows.loc["subject_corr[v_Intercept, a_Intercept]", "mean"]) < 0.05
    text = io.StringIO()
    print_report(idata, console=Console(file=text, width=80))
    assert "Correlations between group effects, link scale: subject_corr" in text.getvalue()
    line = next(line for line in text.getvalue().splitlines() if line.startswith("v_Intercept, a_Intercept"))
    assert line.rstrip().endswith(")") and len(line.rstrip()) <= 80


def test_names_of_correlated_parameters_have_no_order() -> None:
    df = crossed_experiment()
    built = [
        hs.HierarchicalDDM(df, groupby="subject", likelihood="exact", correlated=names)
        for names in (["v", "a"], {"a", "v"})
    ]
    idata = drawn_from_the_prior(built[0], 4)
    idata.attrs["model"] = json.dumps(built[0]._options, default=str)
    assert built[1].contrast(idata, "v - a").draws.shape == (1, 4)


def test_a_new_person_in_two_strata_is_refused() -> None:
    model = build("own sds")
    people = crossed_experiment().iloc[[0, 1]].assign(subject=100, patient=["yes", "no"])
    with pytest.raises(hs.HDDMError, match="the group 100 of 'subject' is in several levels of 'patient'"):
        model.parameters(drawn_from_the_prior(model, 4), people, new_groups="sample")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("mean", "the value of 'v' for each of 'mean' would be called 'v_mean'"),
        ("trial", "the column 'trial' has the name of a dimension of results"),
    ],
)
def test_columns_whose_results_would_bear_a_taken_name(column: str, message: str) -> None:
    df = crossed_experiment().rename(columns={"subject": column})
    with pytest.raises(hs.HDDMError, match=message):
        hs.HierarchicalDDM(df, groupby=column, likelihood="exact", formula="v ~ 1")


def test_a_column_that_ends_like_a_dimension_of_results() -> None:
    df = crossed_experiment().rename(columns={"subject": "school_level"})
    model = hs.HierarchicalDDM(df, groupby="school_level", likelihood="exact", formula="v ~ cond")
    kinds = quantities(drawn_from_the_prior(model, 4)).kinds
    assert kinds.count("participant") == 12 * 5 and kinds.count("deviation") == 12 * 5 and kinds.count("sd") == 5


@pytest.mark.filterwarnings("error::hddm_sbi.errors.HDDMWarning")
def test_few_people_in_a_stratum_are_said() -> None:
    df = crossed_experiment().assign(rare=lambda table: np.where(table["subject"] < 1, "yes", "no"))
    with pytest.warns(hs.HDDMWarning, match=r"few participants .* \(1 in rare=yes\)"):
        hs.HierarchicalDDM(df, groupby="subject", likelihood="exact", formula="v ~ 1 + (1 | gr(subject, by=rare))")


@pytest.mark.filterwarnings("error::hddm_sbi.errors.HDDMWarning")
def test_a_bracket_for_a_part_of_what_names_participants() -> None:
    """Where it tells them apart it is the participant; where its labels repeat the other reading is told."""
    df = crossed_experiment()
    by_name = {"groupby": ["site", "subject"], "likelihood": "exact"}
    model = hs.HierarchicalDDM(df, formula="v ~ 1 + (1 | subject)", **by_name)
    assert "v ~ 1 + (1 | site:subject)" in repr(model).replace("         ", " ")
    with pytest.warns(hs.HDDMWarning, match=r"write \(1 \| site:subject\) for effects of each participant"):
        hs.HierarchicalDDM(df.assign(subject=df["subject"] // 4), formula="v ~ 1 + (1 | subject)", **by_name)


@pytest.mark.parametrize(
    "formula", ["v ~ offset(x)", ["v ~ offset(x)", "v_bias ~ 1 + offset(2 * x)"], "v_bias ~ offset(x)"]
)
def test_offsets_turn_round_with_the_drift_and_stay_with_the_criterion(formula: Any) -> None:
    table = crossed_experiment()
    stimulus = {"stim": {"word": 1, "face": 0}}
    model = hs.HierarchicalDDM(
        table, groupby="subject", likelihood="exact", coding="stimulus", stimulus=stimulus, formula=formula
    )
    sign = np.where(table["stim"] == "word", 1.0, -1.0)
    of_drift = 1.0 if "v ~" in str(formula) else 0.0
    of_bias = 2.0 if isinstance(formula, list) else 1.0 - of_drift
    expected = (of_drift * sign + of_bias) * table["x"].to_numpy()  # all coefficients are zero
    theta = model.potential.theta(np.zeros(model.potential.ndim))[model.spec.row]
    np.testing.assert_allclose(theta[:, 0], expected, atol=1e-12)
    moved = model._on(table.iloc[::-1], _prior_as_posterior(model), "refuse", 0)[0]
    np.testing.assert_allclose(moved.parameter("v").offset, expected[::-1], atol=1e-12)
