"""Every option of ``HierarchicalDDM`` has its effect on the model, and wrong ones are refused in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyro.distributions
import pytest
import torch.distributions as td

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, FormulaError, HDDMError, HDDMWarning, ModelError, WeightsError
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.spec.model_spec import ParameterSpec
from hddm_sbi.ssm import get_model
from hddm_sbi.ssm.base import SSM
from hddm_sbi.weights.checkpoint import save_checkpoint
from tests.observing import on_rows


def parameter(model: HierarchicalDDM, name: str) -> ParameterSpec:
    return next(p for p in model.spec.parameters if p.name == name)


def formulas(model: HierarchicalDDM) -> dict[str, str]:
    return {p.name: p.formula for p in model.spec.parameters}


def untrained() -> FirstPassageEstimator:
    return FirstPassageEstimator(
        Canonical.of(get_model("ddm")), Architecture(hidden=8, layers=1, choice_hidden=4)
    ).eval()


@pytest.mark.parametrize(
    "formula",
    [
        "v ~ conf",
        ["v ~ conf"],
        {"v": "conf"},
        {"v": "~ conf"},
        {"v": "v ~ conf"},
        "v ~ conf + (1 + conf|subject)",
    ],
)
def test_ways_to_write_a_formula(build, formula) -> None:
    assert formulas(build(formula=formula)) == {
        "v": "1 + conf + (1 + conf || subject)",
        "a": "1 + (1 | subject)",
        "z": "1 + (1 | subject)",
        "t0": "1 + (1 | subject)",
        "p_outlier": "1",
    }


def test_several_formulas(build) -> None:
    found = formulas(build(formula={"v": "~ theta", "a": "0 + stim + (1|subject)"}))
    assert found["v"] == "1 + theta + (1 + theta || subject)"
    assert found["a"] == "0 + stim + (1 | subject)"


def test_no_participants(build) -> None:
    model = build(groupby=None, formula="v ~ conf")
    assert formulas(model)["v"] == "1 + conf"
    assert list(model.spec.group_terms()) == []


def test_intercepts_only(build) -> None:
    assert formulas(build(formula="v ~ conf", random_slopes=False))["v"] == "1 + conf + (1 | subject)"


@pytest.mark.parametrize("shared", ["t0", ("t0",), ["t0"]])
def test_shared_parameters(build, shared) -> None:
    model = build(shared=shared)
    assert formulas(model)["t0"] == "1"
    assert formulas(model)["v"] == "1 + (1 | subject)"


def test_complete_pooling(build) -> None:
    assert list(build(pooling="complete").spec.group_terms()) == []


def test_no_pooling(build) -> None:
    spec = build(pooling="none").spec
    assert [p.name for p, _ in spec.common_terms()] == ["p_outlier"]
    assert all(term.sd_prior is None for _, term in spec.group_terms())


def test_links(build) -> None:
    model = build(links={"a": "identity"})
    assert {p.name: p.link for p in model.spec.parameters} == {
        "v": "identity",
        "a": "identity",
        "z": "logit",
        "t0": "log",
        "p_outlier": "identity",
    }


def test_fixed(build) -> None:
    model = build(fixed={"z": 0.4})
    assert parameter(model, "z").fixed == 0.4
    assert model.spec.parameters[2].name == "z"


@pytest.mark.parametrize("family", [td, pyro.distributions])
def test_priors(build, family: Any) -> None:
    given = {"v_Intercept": family.StudentT(3.0, 0.5, 1.0), "v_Intercept_subject_sd": family.Exponential(2.0)}
    table = build(priors=given).priors.set_index("variable")
    assert "StudentT" in table.loc["v_Intercept", "prior"]
    assert "Exponential" in table.loc["v_Intercept_subject_sd", "prior"]
    assert (table.loc[list(given), "source"] == "given").all()
    assert table.loc["a_Intercept", "prior"].startswith("Normal")


def test_accuracy_coding(build) -> None:
    model = build(coding="accuracy")
    assert parameter(model, "z").fixed == 0.5
    assert "error (lower)" in str(model)
    prior = parameter(model, "v").common[0].prior
    assert prior.mean > 0.0  # towards the correct answer


def test_columns_and_choices(experiment: pd.DataFrame) -> None:
    words = experiment.rename(columns={"rt": "time", "response": "key"})
    words["key"] = np.where(words["key"] == 1, "J", "F")
    words["time"] *= 1000.0
    options = {"likelihood": "exact", "rt": "time", "response": "key", "rt_unit": "ms"}
    model = HierarchicalDDM(words, choices=("F", "J"), **options)
    np.testing.assert_allclose(model.trials.rt, experiment["rt"])
    np.testing.assert_array_equal(model.trials.choice, experiment["response"])
    assert "key: F = lower, J = upper" in str(model)
    assert "in milliseconds" in str(model)
    swapped = HierarchicalDDM(words, choices=("J", "F"), **options)
    np.testing.assert_array_equal(swapped.trials.choice, 1 - experiment["response"])
    assert "time" in words.columns
    assert "rt" not in words.columns  # the user's table is left as it is


def test_lapse_probability(build, experiment: pd.DataFrame) -> None:
    assert parameter(build(), "p_outlier").common[0].prior.mean == pytest.approx(1.0 / 21.0)
    number = build(p_outlier=0.05)
    assert parameter(number, "p_outlier").fixed == 0.05
    assert number.lapse == (0.0, experiment["rt"].max())
    prior = build(p_outlier=td.Beta(2.0, 30.0))
    assert "Beta(2, 30)" in set(prior.priors["prior"])
    none = build(p_outlier=0)
    assert none.lapse is None
    assert "p_outlier" not in {p.name for p in none.spec.parameters}
    assert none.likelihood.parameters == ("v", "a", "z", "t0")


def test_lapse_window(build) -> None:
    model = build(p_outlier=0.05, lapse=(0.1, 20.0))
    assert model.lapse == (0.1, 20.0)
    # where the process is impossible only the lapse density is left: p / (window x choices)
    theta = np.array([[0.5, 1.0, 0.5, 2.0, 0.05]])
    rt, choice, row = np.array([1.0]), np.array([1]), np.array([0])
    expected = np.log(0.05 / (19.9 * 2))
    np.testing.assert_allclose(on_rows(model.likelihood, rt, choice, theta, row).log_prob(theta), expected)


def test_likelihoods(build, tmp_path) -> None:
    estimator = untrained()
    save_checkpoint(estimator, tmp_path / "small.safetensors")
    given, loaded = build(likelihood=estimator), build(likelihood=tmp_path / "small.safetensors")
    by_text = build(likelihood=str(tmp_path / "small.safetensors"))
    assert "likelihood FirstPassageEstimator" in str(given)
    u = np.zeros(given.potential.ndim)
    assert np.isfinite(given.log_density(u))
    assert given.log_density(u) == loaded.log_density(u) == by_text.log_density(u)
    with pytest.raises(ModelError, match="likelihood is 'exactly'"):
        build(likelihood="exactly")
    with pytest.raises(WeightsError, match="there are no weights at"):
        build(likelihood=tmp_path / "none.safetensors")


def test_a_model_of_the_users_own(build) -> None:
    ddm = get_model("ddm")
    own = SSM("mine", ddm.parameters, ddm.simulator, ddm.n_choices, diffusion=ddm.diffusion, symmetries=ddm.symmetries)
    assert "Model 'mine'" in str(build(model=own, likelihood=untrained()))
    with pytest.raises(ModelError, match="mine"):
        build(model=own, likelihood="exact")


@pytest.mark.parametrize("separator", [", ", "; ", "\n", ",\n    "])
def test_several_formulas_in_one_text(build, separator) -> None:
    found = formulas(build(formula=separator.join(["v ~ theta", "a ~ 0 + stim + (1|subject)"])))
    assert found["v"] == "1 + theta + (1 + theta || subject)"
    assert found["a"] == "0 + stim + (1 | subject)"


def test_columns_in_backticks_name_variables_without_them(build, experiment: pd.DataFrame) -> None:
    table = experiment.assign(**{"2back": experiment["theta"], "my stim": experiment["stim"]})
    model = HierarchicalDDM(table, groupby="subject", formula="v ~ C(`my stim`) + `2back`", likelihood="exact")
    assert formulas(model)["v"].startswith("1 + C(`my stim`) + `2back` + (1 + ")
    assert {"v_C(my stim)", "v_2back"} <= set(model.priors["variable"])
    assert list(model.conditions.columns) == ["my stim"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"groupby": "person"}, DataError, "no column 'person'"),
        ({"rt": "time"}, DataError, "no column 'time'"),
        ({"response": "key"}, DataError, "no column 'key'"),
        ({"rt_unit": "min"}, DataError, "'min'"),
        ({"coding": "stimuli"}, DataError, "'stimuli'"),
        ({"choices": ("left", "right")}, DataError, "does not name: "),
        ({"choices": 3}, DataError, "two different labels"),
        ({"formula": "v ~ konf"}, FormulaError, "did you mean 'conf'"),
        ({"formula": "drift ~ conf"}, FormulaError, "'drift', which is not a parameter"),
        ({"formula": "v ~ conf +"}, FormulaError, "v ~ conf +"),
        ({"formula": "conf"}, FormulaError, "which parameter"),
        ({"formula": ["v ~ conf", "v ~ stim"]}, FormulaError, "more than one formula"),
        ({"formula": 3}, FormulaError, "not 3"),
        ({"formula": "v ~ conf stim"}, FormulaError, "cannot be read from 'stim' on"),
        ({"formula": "v ~ conf, stim"}, FormulaError, "cannot be read from ', stim' on"),
        ({"formula": "v ~ theta + stim a ~ conf"}, FormulaError, r'\["v ~ theta \+ stim", "a ~ conf"\]'),
        ({"formula": {"v": "theta, a ~ conf"}}, FormulaError, "stands under 'v'"),
        ({"formula": {"v": "v ~ theta, a ~ conf"}}, FormulaError, "more than one '~'"),
        ({"formula": "z ~ 0.4"}, FormulaError, 'fixed={"z": 0.4}'),
        ({"formula": "t0 ~ 0"}, FormulaError, 'fixed={"t0": 0}'),
        ({"formula": "v ~ conf + 3"}, FormulaError, "has the number 3 as a term"),
        ({"formula": "v ~ theta + (theta ||p| subject)"}, FormulaError, r"write \(theta \|\| subject\)"),
        ({"model": "dmd"}, ModelError, "dmd"),
        ({"pooling": "some"}, ModelError, "pooling 'some' is not known"),
        ({"pooling": "none", "groupby": None}, ModelError, "needs groupby"),
        ({"shared": "y"}, ModelError, "shared names 'y'"),
        ({"shared": 3}, ModelError, "not 3"),
        ({"priors": {"v_conf": td.Normal(0, 1)}}, ModelError, "priors names 'v_conf'"),
        ({"priors": {"v_Intercept": 1.0}}, ModelError, "v_Intercept"),
        ({"links": {"a": "probit"}}, ModelError, "probit"),
        ({"links": {"z": "log"}}, ModelError, "does not fit 'z'"),
        ({"fixed": {"z": 2.0}}, ModelError, "'z' is fixed at 2.0"),
        ({"fixed": {"z": "half"}}, ModelError, "not a number"),
        ({"fixed": {"a": 0.0}}, ModelError, "'a' is fixed at 0.0"),
        ({"p_outlier": 2}, ModelError, "not 2"),
        ({"p_outlier": td.Normal(0.0, 1.0)}, ModelError, "p_outlier"),
        ({"lapse": (3.0, 1.0)}, ModelError, "lapse window"),
        ({"lapse": ("a", None)}, ModelError, "lapse is"),
        ({"lapse": 5.0}, ModelError, "lapse is 5.0"),
        ({"likelihood": 3}, ModelError, "likelihood is 3"),
    ],
)
def test_wrong_options(build, options: dict[str, Any], error: type[HDDMError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        build(**options)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["chain", "draw", "v"])
def test_a_column_with_the_name_of_a_result(experiment: pd.DataFrame, name: str) -> None:
    table = experiment.rename(columns={"subject": name})
    with pytest.raises(HDDMError, match=f"column '{name}' has the name of a result"):
        HierarchicalDDM(table, groupby=name, likelihood="exact")


def test_participants_in_a_column_named_as_conditions_are(experiment: pd.DataFrame) -> None:
    table = experiment.rename(columns={"subject": "condition"})
    with pytest.raises(HDDMError, match="column 'condition' has the name of a result"):
        HierarchicalDDM(table, groupby="condition", formula="v ~ conf", likelihood="exact")


def test_a_number_that_may_be_a_factor_is_pointed_out(experiment: pd.DataFrame) -> None:
    experiment["block"] = np.tile([1, 2], len(experiment) // 2)
    with pytest.warns(HDDMWarning, match=r"C\(block\)"):
        HierarchicalDDM(experiment, formula="v ~ block", likelihood="exact")


@pytest.mark.parametrize("dtype", ["Int64", "bool", "category", "string", "float32"])
def test_covariates_of_any_type(experiment: pd.DataFrame, dtype: str) -> None:
    experiment["x"] = np.arange(len(experiment)) % 5
    if dtype == "bool":
        experiment["x"] = experiment["x"] > 2
    experiment["x"] = experiment["x"].astype(dtype)
    model = HierarchicalDDM(experiment, groupby="subject", formula="v ~ x", likelihood="exact")
    assert ("condition" in model.conditions.index.name) and (len(model.conditions.columns) == 1) == (
        dtype in ("bool", "category", "string")
    )
