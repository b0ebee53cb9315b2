import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hddm_sbi.design.terms import evaluate_side
from hddm_sbi.errors import DataError, FormulaError, HDDMWarning


@pytest.mark.parametrize(
    ("rhs", "names", "levels"),
    [
        ("1", ["Intercept"], [None]),
        ("conf", ["Intercept", "conf"], [None, ("LC",)]),
        ("conf - 1", ["conf"], [("HC", "LC")]),
        ("0 + stim", ["stim"], [("LL", "WL", "WW")]),
        ("theta", ["Intercept", "theta"], [None, None]),
        ("theta:conf", ["Intercept", "theta:conf"], [None, ("HC", "LC")]),
        ("0 + conf:stim", ["conf:stim"], [("HC, LL", "HC, WW", "HC, WL", "LC, LL", "LC, WW", "LC, WL")]),
        ("C(code)", ["Intercept", "C(code)"], [None, ("1",)]),
        ("old", ["Intercept", "old"], [None, ("True",)]),
        ("I(theta / 2)", ["Intercept", "I(theta / 2)"], [None, None]),
        ("poly(theta, 2)", ["Intercept", "poly(theta, 2)"], [None, ("0", "1")]),
    ],
)
def test_names_and_levels(experiment, rhs, names, levels):
    side = evaluate_side("v", rhs, experiment)
    assert [term.name for term in side.common] == names
    assert [None if term.levels is None else sorted(term.levels) for term in side.common] == [
        None if expected is None else sorted(expected) for expected in levels
    ]
    for term in side.common:
        assert term.matrix.shape == (len(experiment), len(term.levels or ("one",)))


def test_matrices_are_what_they_say(experiment):
    side = evaluate_side("v", "conf * theta + log(age)", experiment)
    low = (experiment["conf"] == "LC").to_numpy(float)
    expected = [np.ones(240), low, experiment["theta"], low * experiment["theta"], np.log(experiment["age"])]
    assert np.allclose(np.hstack([term.matrix for term in side.common]), np.column_stack(expected))


@pytest.mark.parametrize(
    "rhs",
    [
        "center(theta)",
        "scale(theta) * conf",
        "0 + conf:stim",
        "conf / stim",
        "C(code, Treatment(1))",
        "C(old)",
        "bs(theta, df=4)",
        "S(stim)",
        "old",
        "np.exp(theta / 5) + I(theta / 2)",
    ],
)
def test_new_data_have_the_rows_that_the_fit_had(experiment, rhs):
    side = evaluate_side("v", rhs, experiment)
    some = side.columns.prepare(pd.concat([experiment, experiment.iloc[[7, 3]]], ignore_index=True))
    for term in side.common:
        assert np.array_equal(term.evaluate(some)[-2:], term.matrix[[7, 3]])


def test_a_categorical_keeps_its_order_and_loses_unused_levels(experiment):
    experiment["stim"] = pd.Categorical(experiment["stim"], ["WW", "XX", "LL", "WL"])
    (stim,) = evaluate_side("v", "0 + stim", experiment).common
    assert stim.levels == ("WW", "LL", "WL")


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_text_is_a_factor_in_every_dtype(experiment, dtype):
    experiment["conf"] = experiment["conf"].astype(dtype)
    assert evaluate_side("v", "conf", experiment).common[1].levels == ("LC",)


def test_numbers_in_every_dtype(experiment):
    for dtype in ("float32", "Float64", "object"):
        experiment["x"] = experiment["theta"].astype(dtype)
        assert evaluate_side("v", "x", experiment).common[1].levels is None


@pytest.mark.parametrize(
    ("rhs", "message"),
    [
        ("cnf", r"names the column 'cnf', which the data does not have; did you mean 'conf'\?"),
        ("log(thet)", r"'thet', which the data does not have; did you mean 'theta'\?"),
        ("conf +", r"the formula 'v ~ conf \+' cannot be read"),
        ("conf ~ theta", r"more than one '~'"),
        ("foo(theta)", r"cannot be evaluated: there is no function or column 'foo'"),
        ("log(theta)", r"'log\(theta\)' of 'v' is infinite or undefined"),
        ("C(theta)", r"'C\(theta\)' of 'v' has \d+ levels on 240 trials"),
        ("offset(theta)", r"no offsets here"),
        ("theta ** 2", r"cannot be read: Exponentiation"),
        ("(1 | C(code))", r"groups by 'C\(code\)'"),
    ],
)
def test_bad_formulas_say_what_is_wrong(experiment, rhs, message, capfd):
    with pytest.raises(FormulaError, match=message):
        evaluate_side("v", rhs, experiment)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_missing_values_name_the_column_and_their_number(experiment):
    experiment.loc[[3, 8], "theta"] = np.nan
    with pytest.raises(FormulaError, match=r"'theta' has 2 missing values; the formula for 'v' uses it"):
        evaluate_side("v", "theta", experiment)
    experiment.loc[4, "conf"] = None
    with pytest.raises(FormulaError, match=r"'conf' has 1 missing value;"):
        evaluate_side("v", "conf", experiment)


@pytest.mark.parametrize("entry", [np.nan, None, "", " "])
def test_missing_values_of_a_factor_are_counted(experiment, entry):
    experiment["cue"] = ["None", "valid"] * 120
    experiment.loc[[3, 8], "cue"] = entry
    with pytest.raises(FormulaError, match=r"'cue' has 2 missing values; .* \(missing: 2 of 240 rows\)"):
        evaluate_side("v", "cue", experiment)


@pytest.mark.parametrize("dtype", ["Float64", pd.ArrowDtype(pa.float64())])
def test_missing_values_of_any_type(experiment, dtype):
    experiment["theta"] = pd.array(pa.array([float("nan")] + [0.5] * 239), dtype=pd.ArrowDtype(pa.float64()))
    if dtype == "Float64":
        experiment["theta"] = pd.array([0.0] * 240, dtype=dtype) / pd.array([0.0] + [1.0] * 239, dtype=dtype)
    with pytest.raises(FormulaError, match="'theta' has 1 missing value;"):
        evaluate_side("v", "theta", experiment)


def test_none_is_a_level_of_a_factor(experiment):
    experiment["cue"] = ["None", "valid"] * 120
    side = evaluate_side("v", "cue", experiment)
    assert side.columns.levels["cue"] == ("None", "valid")


def test_none_among_measurements_is_no_level(experiment):
    experiment["theta"] = experiment["theta"].astype(object)
    experiment.loc[[3, 8], "theta"] = "None"
    with pytest.raises(FormulaError, match="'theta' holds measurements and, in 2 of 240 rows, text such as 'None'"):
        evaluate_side("v", "theta", experiment)


def test_integer_codes_warn_and_name_the_remedy(experiment):
    with pytest.warns(HDDMWarning, match=r"'code' has only the values 0, 1 .* C\(code\)"):
        evaluate_side("v", "code", experiment)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rhs in ("C(code)", "item", "theta", "I(code * 2)", "old"):
            evaluate_side("v", rhs, experiment)


def test_unseen_levels_and_missing_columns_of_new_data(experiment):
    columns = evaluate_side("v", "conf", experiment).columns
    with pytest.raises(DataError, match=r"'conf' has the level 'XX', which was not in the data .* HC, LC"):
        columns.prepare(pd.DataFrame({"conf": ["HC", "XX"]}))
    with pytest.raises(DataError, match="no column 'conf'"):
        columns.prepare(pd.DataFrame({"other": [1]}))
