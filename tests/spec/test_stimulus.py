"""The drift under stimulus coding is s v + v_bias, with terms, priors and results of both."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch.distributions as td

from hddm_sbi.design.conditions import find_conditions
from hddm_sbi.errors import DataError, FormulaError, HDDMWarning, ModelError
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.condition_specs import condition_specs
from hddm_sbi.spec.linear import natural_parameters, natural_values, population_means, typical_values
from hddm_sbi.spec.newdata import spec_on
from hddm_sbi.spec.recoding import to_reported
from hddm_sbi.spec.table import prior_table
from hddm_sbi.ssm.base import SSM, Diffusion, Parameter, Symmetries
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials


@pytest.fixture
def frame() -> pd.DataFrame:
    rng, n = np.random.default_rng(4), 240
    side = rng.integers(0, 2, n)
    return pd.DataFrame(
        {
            "subject": np.repeat(["a", "b", "c"], n // 3),
            "side": side,
            "word": np.where(side == 1, "word", "nonword"),
            "cond": np.tile(["easy", "hard"], n // 2),
            "x": rng.integers(0, 3, n) / 2.0,
            "rt": rng.uniform(0.4, 2.0, n),
            "response": rng.integers(0, 2, n),
        }
    )


@pytest.fixture
def stim(ddm, frame):
    """Spec and design under stimulus coding."""

    def make(formula=None, **options):
        trials = read_trials(options.pop("frame", frame), groupby=options.pop("groupby", "subject"), coding="stimulus")
        return build_spec(
            options.pop("ssm", ddm), trials, formula=formula, coding="stimulus",
            stimulus=options.pop("stimulus", "side"), **options,
        )  # fmt: skip

    return make


def coefficients(spec, draws=(4,)):
    rng, found = np.random.default_rng(0), {}
    for _, term in spec.common_terms():
        found[term.site] = rng.uniform(0.1, 0.4, (*draws, *(() if term.levels is None else (len(term.levels),))))
    for _, group in spec.group_terms():
        shape = () if group.levels is None else (len(group.levels),)
        found[f"{group.site}_sd"] = rng.uniform(0.1, 0.5, (*draws, *shape))
        found[group.site] = rng.normal(0, 0.3, (*draws, group.groups.n, *shape))
    return found


def test_the_criterion_is_zero_unless_asked_for(stim):
    spec, _ = stim()
    assert [parameter.name for parameter in spec.parameters] == ["v", "a", "z", "t0", "p_outlier"]
    assert [parameter.name for parameter in spec.reported.parameters] == ["v", "v_bias", "a", "z", "t0", "p_outlier"]
    assert spec.reported.parameter("v_bias").fixed == 0.0 and spec.reported.parameter("v").signed is None
    assert spec.n_rows == 6  # participants by stimuli
    assert [term.site for _, term in spec.common_terms()][:2] == ["v_Intercept", "a_Intercept"]
    for options in (
        {"formula": "v_bias ~ 1"},
        {"priors": {"v_bias_Intercept": td.Normal(0.0, 0.2)}},
        {"priors": {"v_bias_Intercept_subject_sd": td.HalfNormal(0.2)}},
    ):
        spec, _ = stim(**options)
        assert [term.site for _, term in spec.group_terms()][:2] == ["v_Intercept_subject", "v_bias_Intercept_subject"]


@pytest.mark.parametrize(
    "formula",
    [
        "v_bias ~ 1",
        ["v ~ cond", "v_bias ~ cond"],
        ["v ~ 0 + cond", "v_bias ~ x"],
        "v ~ word",
        "v ~ cond:x, v_bias ~ 1 + (1 | subject)",
    ],
)
def test_the_drift_of_each_trial(stim, frame, formula):
    spec, design = stim(formula)
    c = coefficients(spec)
    sign = np.where(frame["side"] == 1, 1.0, -1.0)
    drift, bias = (natural_values(spec.reported, spec.reported.parameter(name), c) for name in ("v", "v_bias"))
    theta = natural_parameters(spec, c)
    drift, bias = (np.broadcast_to(values, theta.shape[:-1])[:, spec.row] for values in (drift, bias))
    np.testing.assert_allclose(theta[:, spec.row, 0], sign * drift + bias, rtol=1e-12)
    assert drift.std(axis=1).min() > 0 and (formula == "v ~ word" or bias.std(axis=1).min() > 0)
    # the same on new rows, whose order is another
    rows = [200, 3, 3, 77]
    elsewhere = natural_parameters(spec_on(spec, design, frame.iloc[rows])[0], c)
    np.testing.assert_allclose(elsewhere, theta[:, spec.row[rows]], rtol=1e-12)


def test_results_have_the_drift_without_its_sign(stim, frame):
    spec, design = stim(["v ~ cond", "v_bias ~ 1"])
    trials = read_trials(frame, groupby="subject", coding="stimulus")
    c = coefficients(spec)
    specs = condition_specs(spec, design, find_conditions(design, trials))
    v, bias = specs.population.parameters[:2]
    assert (v.name, bias.name) == ("v", "v_bias")
    r = to_reported(spec, c)
    expected = np.stack([r["v_Intercept"], r["v_Intercept"] + r["v_cond"][:, 0]], axis=-1)
    for values in (typical_values, population_means):
        np.testing.assert_allclose(values(specs.population, v, c), expected)
        np.testing.assert_allclose(values(specs.population, bias, c)[:, 0], c["v_bias_Intercept"])


def test_default_priors(stim):
    spec, _ = stim("v ~ cond, v_bias ~ cond", groupby="subject")
    table = prior_table(spec).set_index("variable")
    # the mean of the cells has sd 2, and of the criterion 1; half of the difference from it is that of each cell
    assert table["prior"]["v_Intercept"] == f"Normal(2, {np.hypot(2.0, 1.0):.4g})"
    assert table["prior"]["v_bias_Intercept"] == f"Normal(0, {np.hypot(1.0, 0.5):.4g})"
    assert table["prior"]["v_bias_cond"] == "Normal(0, 1)" and table["parameter"]["v_bias_cond"] == "v_bias"
    assert table["prior"]["v_bias_Intercept_subject_sd"] == "sqrt(HalfNormal(0.5)^2 + HalfNormal(0.25)^2)"
    assert table["source"]["v_bias_Intercept"] == "weakly informative: around 0, half as wide as v"
    constant = prior_table(stim()[0]).set_index("variable").loc["v_bias"]
    assert (constant["prior"], constant["source"]) == ("= 0", "constant")


def test_shared_fixed_and_pooling(stim):
    spec, _ = stim("v_bias ~ 1", shared="v_bias")
    assert spec.reported.parameter("v_bias").group == () and len(spec.reported.parameter("v").group) == 1
    spec, _ = stim("v_bias ~ 1", shared=["v"])
    assert spec.reported.parameter("v").group == () and len(spec.parameter("v").group) == 1
    spec, _ = stim("v_bias ~ 1", pooling="none")
    assert [term.site for term in spec.parameter("v").group] == ["v_Intercept_subject", "v_bias_Intercept_subject"]
    assert spec.parameter("v").common == ()
    only_bias, _ = stim("v_bias ~ 1", fixed={"v": 0})
    assert [term.site for term in only_bias.parameter("v").common] == ["v_bias_Intercept"]
    neither, _ = stim(fixed={"v": 0, "v_bias": 0})
    assert neither.parameter("v").fixed == 0.0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"links": {"v": "log"}}, ModelError, "the link of 'v' is 'log', but .* must be 'identity'"),
        ({"links": {"v_bias": "log"}}, ModelError, "the link of 'v_bias' is 'log'"),
        (
            {"fixed": {"v": 1.5}},
            ModelError,
            r"'v' is fixed at 1.5, but .* at 0 alone; a narrow prior .*\"v_Intercept\"",
        ),
        ({"fixed": {"v_bias": 0.3}}, ModelError, "'v_bias' is fixed at 0.3, but"),
        ({"fixed": {"v_bias": 0}, "formula": "v_bias ~ 1"}, FormulaError, "'v_bias' is fixed, so it cannot"),
        ({"fixed": {"v_bias": 0}, "priors": {"v_bias_Intercept": td.Normal(0.0, 1.0)}}, ModelError, "no such variable"),
        ({"stimulus": None}, ModelError, "needs stimulus"),
        ({"stimulus": "word"}, DataError, r"such as stimulus=\{'word': \{'nonword': 0, 'word': 1\}\}"),
        (
            {"formula": "v ~ word, v_bias ~ 1"},
            FormulaError,
            r"'v' and 'v_bias' are collinear: 'v: Intercept', 'v: word",
        ),
        ({"formula": "v_bias ~ word"}, FormulaError, "'v' and 'v_bias' are collinear"),
        ({"formula": "v_bias ~ word", "pooling": "none"}, FormulaError, "'v' and 'v_bias' are collinear"),
        ({"ssm": get_model("rdm", 2)}, ModelError, "the model 'rdm' declares no drift that changes sign"),
    ],
)
def test_what_stimulus_coding_refuses(stim, options, error, message):
    with pytest.raises(error, match=message):
        stim(**options)


def test_other_codings_have_no_use_for_a_stimulus(ddm, frame):
    trials = read_trials(frame, groupby="subject")
    for coding in ("response", "accuracy"):
        with pytest.raises(ModelError, match=f"stimulus is given, but coding is '{coding}'"):
            build_spec(ddm, trials, coding=coding, stimulus="side")
    with pytest.raises(FormulaError, match="'v_bias', which is not a parameter of the model 'ddm'"):
        build_spec(ddm, trials, formula="v_bias ~ 1")


def test_stimuli_of_one_side(stim, frame):
    right = frame[frame["side"] == 1].reset_index(drop=True)
    with pytest.raises(FormulaError, match="in column 'side' all call for 1, so 'v_bias' cannot be told from 'v'"):
        stim("v_bias ~ 1", frame=right)
    with pytest.warns(HDDMWarning, match="all call for 1, so .* says no more than"):
        spec, _ = stim(frame=right)
    assert np.array_equal(spec.parameter("v").common[0].matrix, np.ones((3, 1)))


def test_a_covariate_with_the_name_of_the_criterion(stim, frame):
    frame["bias"] = frame["x"]
    with pytest.raises(FormulaError, match="the coefficient of 'bias' would be called 'v_bias'"):
        stim("v ~ bias")


def own(mirror, drift: str = "drift", **fields) -> SSM:
    parameters = (
        Parameter(drift, (-np.inf, np.inf), "identity", (-4.0, 6.0)),
        Parameter("lean", (-np.inf, np.inf), "identity", (-1.0, 1.0)),
        Parameter("bound", (0.0, np.inf), "log", (0.5, 3.0)),
    )
    return SSM("own", parameters, lambda theta, n, seed: None, symmetries=Symmetries(mirror=mirror), **fields)


def test_models_of_the_users_own(stim):
    spec, _ = stim("drift_bias ~ 1", ssm=own((("drift", "negate"),)))
    assert [parameter.name for parameter in spec.parameters] == ["drift", "lean", "bound", "p_outlier"]
    table = prior_table(spec).set_index("variable")["prior"]
    # a quarter of the box's width for the drift, half of that for its criterion
    assert table["drift_Intercept"] == "Normal(1, 2.5)" and table["drift_bias_Intercept"] == "Normal(0, 1.25)"
    both = (("drift", "negate"), ("lean", "negate"))
    assert stim(ssm=own(both, diffusion=Diffusion("drift", "lean")))[0].parameter("drift").signed is not None
    for ssm in (own(()), own(both), own((("drift", "complement"),))):
        with pytest.raises(ModelError, match="the model 'own' declares no drift that changes sign"):
            stim(ssm=ssm)
    taken = own((("drift", "negate"),))
    taken = replace(taken, parameters=(*taken.parameters, replace(taken.parameters[1], name="drift_bias")))
    with pytest.raises(ModelError, match="a parameter 'drift_bias', the drift criterion, but it has one of that name"):
        stim(ssm=taken)


def test_a_sign_as_a_covariate(ddm, frame):
    frame["S"] = np.where(frame["side"] == 1, 1, -1)
    trials = read_trials(frame, groupby="subject")
    suggestion = r"the formula 'v ~ 0 \+ S .*' turns the drift round .* stimulus=\{'S': \{-1: 0, 1: 1\}\} and no term"
    with pytest.warns(HDDMWarning, match=suggestion):
        spec, design = build_spec(ddm, trials, formula="v ~ 0 + S")
    conditions = find_conditions(design, trials)
    assert conditions.labels == ("S=-1", "S=1") and conditions.by_condition == ("v",)
    c = coefficients(spec)
    population = condition_specs(spec, design, conditions).population
    expected = to_reported(spec, c)["v_S"][:, None] * np.array([-1.0, 1.0])
    np.testing.assert_allclose(typical_values(population, population.parameter("v"), c), expected)
    for formula in ("v ~ S", "v ~ 0 + cond", "a ~ 0 + S", "v ~ 0 + S + cond"):  # there v does not change sign
        build_spec(ddm, trials, formula=formula)
