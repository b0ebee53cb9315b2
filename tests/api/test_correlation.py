"""Correlations with an outside measure: the formula, whose values count, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.outside_measure import RHO, correlate
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, FormulaError, HDDMError, ModelError
from hddm_sbi.results.to_arviz import group, to_inference_data
from hddm_sbi.ssm import simulate

PEOPLE = 12


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Twelve participants with very different numbers of trials, their age, a questionnaire and a diagnosis."""
    rng = np.random.default_rng(2)
    trials = rng.integers(2, 40, PEOPLE)
    age = rng.normal(45.0, 15.0, PEOPLE).round(1)
    own = pd.DataFrame(
        {
            "subject": [f"s{k:02d}" for k in range(PEOPLE)],
            "age": age,
            "score": (0.5 * age + rng.normal(0.0, 6.0, PEOPLE)).round(1),
            "patient": np.tile(["no", "yes"], PEOPLE // 2),
        }
    )
    table = own.loc[np.repeat(np.arange(PEOPLE), trials)].reset_index(drop=True)
    rt, choice = simulate("ddm", [[1.0, 1.5, 0.5, 0.3]], len(table), seed=1)
    table["rt"], table["response"] = rt.ravel(), choice.ravel()
    table["cond"] = np.arange(len(table)) % 2
    table["cond"] = np.where(table["cond"] == 1, "hard", "easy")
    table["item"] = np.arange(len(table)) % 7
    table["frequency"] = (table["item"] * 0.3 - 1.0) ** 2
    table["noise"] = rng.normal(size=len(table)).round(2)
    return table


def by_person(people: pd.DataFrame, column: str) -> np.ndarray:
    return people.groupby("subject")[column].first().to_numpy()


def of_prior(people: pd.DataFrame, formula: Any, **options: Any) -> tuple[HierarchicalDDM, Any]:
    """A model and draws of its prior in place of a posterior: the correlation is a function of the draws alone."""
    model = HierarchicalDDM(people, **{"groupby": "subject", "likelihood": "exact", "formula": formula} | options)
    prior = group(model.prior_predictive(draws=50, seed=1), "prior")
    variables = {str(name): (values.dims, values.to_numpy()) for name, values in prior.data_vars.items()}
    return model, to_inference_data({"posterior": variables}, {dim: prior[dim].values for dim in prior.dims}, {})


def site(idata: Any, name: str) -> np.ndarray:
    return np.asarray(group(idata, "posterior")[name].values)


@pytest.mark.parametrize(("term", "slope"), [("age", 1.0), ("scale(age)", None), ("I(age / 10)", 0.1)])
def test_slope_per_sd_across_participants(people, term: str, slope: float | None) -> None:
    model, idata = of_prior(people, f"v ~ {term}")
    found = model.correlation(idata, "v", "age")
    assert found.draws.dims == ("chain", "draw") and found.draws.name == "rho"
    unit = 1.0 / people["age"].std(ddof=0) if slope is None else slope  # scale() is by trials
    b = site(idata, f"v_{term}".replace("/", "÷")) * unit * by_person(people, "age").std(ddof=1)
    sd = site(idata, "v_Intercept_subject_sd")
    np.testing.assert_allclose(found.draws, b / np.sqrt(b**2 + sd**2))
    row = found.table.iloc[0]
    assert row["mean"] == pytest.approx(found.draws.values.mean())
    assert row["P(> 0)"] == pytest.approx((b > 0.0).mean(), abs=0.1)
    assert str(found).startswith("Correlation of v with age, across 12 groups of subject: ")


def test_a_curve_correlates_as_its_values_do(people) -> None:
    model, idata = of_prior(people, "a ~ np.log(age)")
    f = site(idata, "a_np.log(age)")[..., np.newaxis] * np.log(by_person(people, "age"))
    age, sd = by_person(people, "age"), site(idata, "a_Intercept_subject_sd")
    expected = np.sign(f[..., 1] - f[..., 0]) * np.sign(age[1] - age[0]) * np.corrcoef(age, np.log(age))[0, 1]
    expected = expected * f.std(-1, ddof=1) / np.hypot(f.std(-1, ddof=1), sd)
    found = model.correlation(idata, "a", "age")
    np.testing.assert_allclose(found.draws, expected)
    assert "of log(a) with age" in str(found)


def test_with_further_measures_it_is_the_partial_correlation(people) -> None:
    model, idata = of_prior(people, "v ~ age + score + patient")
    found = model.correlation(idata, "v", "age")
    others = np.column_stack([np.ones(PEOPLE), by_person(people, "score"), by_person(people, "patient") == "yes"])
    age = by_person(people, "age")
    left = age - others @ np.linalg.lstsq(others, age, rcond=None)[0]
    b = site(idata, "v_age") * np.sqrt(left @ left / (PEOPLE - 3))
    np.testing.assert_allclose(found.draws, b / np.hypot(b, site(idata, "v_Intercept_subject_sd")))
    assert str(found).startswith("Partial correlation")
    assert "given score and patient" in str(found)


def test_by_condition_where_it_differs_between_them(people) -> None:
    model, idata = of_prior(people, "v ~ cond * age")
    found = model.correlation(idata, "v", "age")
    assert list(found.draws["condition"].values) == list(found.table.index) == ["cond=easy", "cond=hard"]
    unit = by_person(people, "age").std(ddof=1)
    b, sd = site(idata, "v_age") * unit, site(idata, "v_Intercept_subject_sd")
    np.testing.assert_allclose(found.draws[..., 0], b / np.hypot(b, sd))
    b = b + site(idata, "v_cond:age")[..., 0] * unit
    # people vary alike in both conditions, half of their effect below and above the middle
    np.testing.assert_allclose(found.draws[..., 1], b / np.hypot(b, sd))
    assert "where cond=hard" in str(found)
    assert model.correlation(idata, "v", "age").table["P(> 0)"].between(0.001, 0.999).all()


def test_across_items(people) -> None:
    model, idata = of_prior(people, "v ~ frequency + (1 | subject) + (1 | item)")
    found = model.correlation(idata, "v", "frequency")
    b = site(idata, "v_frequency") * people.groupby("item")["frequency"].first().std(ddof=1)
    np.testing.assert_allclose(found.draws, b / np.hypot(b, site(idata, "v_Intercept_item_sd")))
    assert "across 7 groups of item" in str(found)


@pytest.mark.parametrize(
    ("formula", "options", "asked", "error", "message"),
    [
        (None, {}, ("v", "age"), FormulaError, "pulled towards each other; write 'v ~ age' and sample again"),
        ("v ~ cond", {}, ("v", "age"), FormulaError, r"write 'v ~ cond \+ age'"),
        ("v ~ age", {}, ("a", "age"), FormulaError, "'age' is not in the formula of 'a'"),
        ("v ~ age", {}, ("v", "agee"), DataError, "no column 'agee'.*did you mean 'age'"),
        ("v ~ age", {}, ("w", "age"), ModelError, "no parameter 'w'"),
        ("v ~ age", {"fixed": {"z": 0.5}}, ("z", "age"), ModelError, "fixed at 0.5"),
        ("v ~ patient", {}, ("v", "patient"), DataError, "holds labels"),
        ("v ~ noise", {}, ("v", "noise"), DataError, "varies within 'subject'"),
        ("v ~ age", {"shared": "v"}, ("v", "age"), FormulaError, "does not vary between participants"),
        ("v ~ age", {"pooling": "complete"}, ("v", "age"), FormulaError, "does not vary between participants"),
        (None, {"pooling": "none"}, ("v", "age"), ModelError, "with pooling 'none'.*pooling 'partial' and 'v ~ age'"),
    ],
)
def test_what_has_no_correlation(
    people, formula: Any, options: dict[str, Any], asked: tuple[str, str], error: type[HDDMError], message: str
) -> None:
    model, idata = of_prior(people, formula, **options)
    with pytest.raises(error, match=message) as caught:
        model.correlation(idata, *asked)
    assert "\n" not in str(caught.value)


def test_too_few_participants(people) -> None:
    three = people[people["subject"].isin(["s00", "s01", "s02", "s03"])]
    model, idata = of_prior(three, "v ~ age + score")
    assert np.isfinite(model.correlation(idata, "v", "age").draws).all()
    model, idata = of_prior(three[three["subject"] != "s03"], "v ~ age + score")
    with pytest.raises(DataError, match="across 3 of 'subject' beside score means nothing; it takes at least 4"):
        model.correlation(idata, "v", "age")


@pytest.mark.slow
def test_it_finds_the_truth_where_estimates_without_the_measure_fall_short() -> None:
    found = pd.DataFrame([correlate(seed) for seed in range(4)])
    assert ((found["low"] < RHO) & (found["high"] > RHO)).sum() >= 3
    short = found[["mean", "of_means", "of_draws"]].sub(found["of_true"], axis=0).mean()
    # of 60 experiments -0.02, -0.12 and -0.21; what is left when the true ones are subtracted varies by 0.1 each
    assert abs(short["mean"]) < 0.2
    assert short["of_draws"] < -0.1
    assert short["of_draws"] < short["of_means"] < short["mean"]
