import re
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.interpolate import BSpline

from hddm_sbi.design.sides import evaluate_side
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
        "bs(theta, df=4)*conf",
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
        ("offset(conf)", r"has 'offset\(conf\)', but an offset is one number a trial, and 'conf' is none"),
        ("offset(poly(theta, 2))", r"but an offset is one number a trial"),
        ("offset(theta, conf)", r"an offset has one argument, as in offset\(x\)"),
        ("offset(log(theta))", r"'log\(theta\)' of 'v' is infinite or undefined"),
        ("theta ** 2", r"cannot be read: Exponentiation"),
        ("(1 | C(code))", r"groups by 'C\(code\)'"),
        ("conf + theta stim", r"the formula 'v ~ conf \+ theta stim' cannot be read from 'stim' on"),
        ("Conf", r"names the column 'Conf', .* did you mean 'conf'\?"),
        ("THETA + (1 | Subject)", r"names the column 'THETA', .* did you mean 'theta'\?"),
        ("class + conf", r"names the column 'class', which the data does not have"),
        (
            "log(conf)",
            r"'log\(conf\)' of 'v' computes with 'conf', which holds labels, not numbers; write C\(conf\), or I",
        ),
        ("scale(stim):theta", r"'scale\(stim\)' of 'v' computes with 'stim', which holds labels"),
        ("bs(theta)", r"'bs\(theta\)' of 'v' cannot be evaluated; write it as in bs\(x, df=4\)"),
        ("log(age, 2)", r"'log\(age, 2\)' of 'v' cannot be evaluated; write it as in log\(x\)"),
        ("poly(theta, degree='2')", r"cannot be evaluated; write it as in poly\(x, 2\)"),
        ("C(stim, Treatment('XX'))", r"names 'XX' in .*, which is no level of 'stim'; there are 'LL', 'WL', 'WW'"),
        ("C(code, Treatment('1'))", r"names '1' in .*, which is no level of 'code'; there are 0, 1"),
        ("S(stim, 'XX')", r"names 'XX' in .*, which is no level of 'stim'"),
        ("binary(stim, 'XX'):theta", r"names 'XX' in .*, which is no level of 'stim'"),
        ("I('XX' == stim)", r"names 'XX' in .*, which is no level of 'stim'"),
        ("np.random.normal(theta)", r"no function or column 'np.random.normal' to call"),
        ("__import__('os')", r"no function or column '__import__' to call"),
    ],
)
def test_bad_formulas_say_what_is_wrong(experiment, rhs, message, capfd):
    with pytest.raises(FormulaError, match=message):
        evaluate_side("v", rhs, experiment)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


ODD = ("2back", "my col", "stim-type", "rt (ms)", "True", "a~b", "a, b", "50%")


@pytest.mark.parametrize("name", ODD)
def test_any_column_in_backticks(experiment, name):
    experiment[name] = experiment["theta"] + 10
    rhs = f"`{name}` + I(`{name}` / 2 + `{name}` ** 2) + log(`{name}`) + scale(`{name}`):conf"
    side = evaluate_side("v", rhs, experiment)
    x, low = experiment[name], (experiment["conf"] == "LC").to_numpy(float)
    expected = [np.ones(240), x, x / 2 + x**2, np.log(x)]
    assert np.allclose(np.hstack([term.matrix for term in side.common[:-1]]), np.column_stack(expected))
    scaled = (x - x.mean()) / x.std(ddof=0)
    assert np.allclose(side.common[-1].matrix, np.column_stack([scaled * (1 - low), scaled * low]))
    assert side.common[1].name == name and side.common[1].variables == (name,)


@pytest.mark.parametrize("name", ["2back", "my col", "stim-type", "rt (ms)", "True"])
@pytest.mark.parametrize("rhs", ["{}", "conf + {}", "C({})", "scale({})", "I({} / 2)", "conf*{}", "({} | subject)"])
def test_a_column_that_needs_backticks_is_recognised(experiment, name, rhs):
    experiment[name] = experiment["theta"]
    with pytest.raises(
        FormulaError, match=re.escape(f"names the column '{name}', which needs backticks; write `{name}`")
    ):
        evaluate_side("v", rhs.format(name), experiment)


def test_a_column_that_is_read_as_an_interaction_or_difference_needs_backticks(experiment):
    experiment["conf:stim"] = experiment["theta"]
    assert [term.name for term in evaluate_side("v", "0 + conf:stim", experiment).common] == ["conf:stim"]
    assert evaluate_side("v", "0 + `conf:stim`", experiment).common[0].variables == ("conf:stim",)


def test_a_level_of_a_factor_made_in_the_formula_that_new_data_do_not_share(experiment):
    side = evaluate_side("v", "C(code)", experiment)
    new = side.columns.prepare(experiment.head(3).assign(code=[0, 7, 1]))
    with pytest.raises(DataError, match=r"'C\(code\)' has the level '7', which was not in the data .* levels are 0, 1"):
        side.common[1].evaluate(new)


def test_a_factor_with_one_level_in_an_interaction(experiment):
    experiment["same"] = "here"
    for rhs in ("same", "same:theta + theta", "conf:C(same) + C(same)"):
        with pytest.raises(FormulaError, match=r"'(C\()?same\)?' of 'v' has the same level on all trials"):
            evaluate_side("v", rhs, experiment)


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


def test_lists_are_neither_numbers_nor_labels(experiment):
    experiment["cue"] = [["valid"]] * 240
    with pytest.raises(FormulaError, match="the column 'cue' holds list values; the formula for 'v' needs numbers or"):
        evaluate_side("v", "cue", experiment)


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


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("df=4", {"df": 4}),
        ("4", {"df": 4}),
        ("knots=None, df=3", {"df": 3}),
        ("df=6, degree=2", {"df": 6, "degree": 2}),
        ("df=3, degree=2", {"df": 3, "degree": 2}),
        ("df=5, lower_bound=-20", {"df": 5, "lower_bound": -20}),
    ],
)
def test_a_spline_has_the_same_columns_on_every_version_of_formulae(experiment, arguments, options):
    basis, x = (
        evaluate_side("v", f"bs(theta, {arguments})", experiment).common[1].matrix,
        experiment["theta"].to_numpy(),
    )
    degree, low = options.get("degree", 3), options.get("lower_bound", x.min())
    assert basis.shape == (240, options["df"])
    inner = np.percentile(x, np.linspace(0, 100, options["df"] + 2 - degree)[1:-1])
    whole = BSpline.design_matrix(x, np.r_[[low] * (degree + 1), inner, [x.max()] * (degree + 1)], degree).toarray()
    assert np.allclose(basis.mean(axis=0), 0)
    # by orthonormal directions: lengths along them are kept
    projection = np.linalg.lstsq(whole, basis, rcond=None)[0]
    assert np.allclose(whole @ projection, basis) and np.allclose(projection.T @ projection, np.eye(options["df"]))


def test_a_spline_for_each_condition(experiment):
    low = (experiment["conf"] == "LC").to_numpy(float)[:, np.newaxis]
    curve = evaluate_side("v", "bs(theta, df=4)", experiment).common[1].matrix
    crossed = np.hstack([term.matrix for term in evaluate_side("v", "conf*bs(theta, df=4)", experiment).common])
    assert np.allclose(crossed, np.hstack([np.ones_like(low), low, curve, low * curve]))
    apart = evaluate_side("v", "conf + bs(theta, df=4):conf", experiment).common[2].matrix
    assert np.allclose(apart[:, 0::2], (1 - low) * curve) and np.allclose(apart[:, 1::2], low * curve)


def test_a_spline_without_centring_spans_the_constant(experiment):
    (spline,) = evaluate_side("v", "0 + bs(theta, df=5, center=False)", experiment).common
    assert spline.matrix.shape == (240, 5) and np.allclose(spline.matrix.sum(axis=1), 1)
    with pytest.raises(FormulaError, match=r"cannot be evaluated; write it as in bs\(x, df=4\)"):
        evaluate_side("v", "bs(theta, df=5, intercept=True)", experiment)


def test_binary_keeps_its_level_on_new_data(experiment):
    for rhs, ones in (("binary(item)", 0), ("B(item)", 0), ("binary(item, 3)", 3), ("B(item, success=3)", 3)):
        side = evaluate_side("v", rhs, experiment)
        assert np.array_equal(side.common[1].matrix[:, 0], experiment["item"] == ones)
        new = side.columns.prepare(experiment.head(4).assign(item=[-1, ones, 1, 7]))
        assert side.common[1].evaluate(new)[:, 0].tolist() == [0, 1, 0, 0]
