"""The four codings: what their coefficients are, and what can be asked for."""

from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.design.contrasts import CODINGS, Contrast, meanings, origin, orthonormal, read_contrasts
from hddm_sbi.design.design import build_design
from hddm_sbi.design.rank import rank
from hddm_sbi.design.sides import evaluate_side
from hddm_sbi.errors import ModelError

LEVELS = {2: ["HC", "LC"], 3: ["a", "b", "c"], 5: [1, 2, 3, 4, 5]}


def by_hand(word: str, values: np.ndarray) -> tuple[float, np.ndarray]:
    """Intercept and coefficients of the levels' values, from what the coding says they are."""
    n = len(values)
    if word == "treatment":
        return values[0], values[1:] - values[0]
    if word == "sum":
        return values.mean(), values[:-1] - values.mean()
    return values.mean(), np.array([values[k] - values[:k].mean() for k in range(1, n)])


@pytest.mark.parametrize("n", LEVELS)
@pytest.mark.parametrize("word", ["treatment", "sum", "helmert"])
def test_coefficients_are_what_they_say(word, n):
    values = np.random.default_rng(n).normal(size=n)
    intercept, coefficients = by_hand(word, values)
    assert np.allclose(intercept + Contrast(word).matrix(LEVELS[n]) @ coefficients, values)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_orthonormal_columns_treat_all_levels_alike(n):
    columns = orthonormal(n)
    assert np.allclose(columns.T @ columns, np.eye(n - 1))
    assert np.allclose(columns @ columns.T, np.eye(n) - 1.0 / n)
    assert np.allclose(Contrast("orthonormal").matrix(range(n)), columns)


@pytest.mark.parametrize("word", CODINGS)
def test_one_label_and_one_meaning_a_column(word):
    for n, levels in LEVELS.items():
        contrast = Contrast(word)
        shape = contrast.matrix(levels).shape
        assert shape == (n, n - 1)
        assert len(contrast.labels(levels)) == len(set(contrast.labels(levels))) == n - 1
        assert len(meanings(contrast.matrix(levels), levels)) == n - 1


def test_a_reference_of_ones_own():
    levels, values = ["a", "b", "c"], np.array([1.0, 4.0, 9.0])
    treated = Contrast("treatment", "b")
    assert np.allclose(4.0 + treated.matrix(levels) @ [-3.0, 5.0], values)
    assert treated.labels(levels) == ["a", "c"]
    summed = Contrast("sum", "a")
    mean = values.mean()
    assert np.allclose(mean + summed.matrix(levels) @ (values[1:] - mean), values)
    assert summed.labels(levels) == ["b", "c"]


def meant(word, levels, level=None):
    return meanings(Contrast(word, level).matrix(levels), levels)


def test_meanings():
    assert meant("treatment", ["HC", "LC"]) == ["LC - HC"]
    assert meant("treatment", ["a", "b", "c"], "b") == ["a - b", "c - b"]
    assert meant("sum", ["HC", "LC"]) == ["HC - mean of all levels"]
    assert meant("sum", ["a", "b", "c"], "a") == ["b - mean of all levels", "c - mean of all levels"]
    assert meant("helmert", ["a", "b", "c"]) == ["b - a", "c - mean of a, b"]
    assert meant("helmert", range(5))[-1] == "4 - mean of the 4 levels before"
    assert "without a unit" in meant("orthonormal", ["a", "b"])[0]
    assert meanings(np.eye(2), ["HC", "LC"]) == ["HC", "LC"]
    assert meanings(np.array([[1.0, 1.0], [1.0, -1.0]]), ["HC", "LC"]) == [
        "mean of all levels",
        "HC - mean of all levels",
    ]
    assert [origin(Contrast(word).matrix("abc"), "abc") for word in CODINGS] == ["a", None, None, None]


def test_reading_the_option():
    assert read_contrasts("sum").of("cond") == Contrast("sum")
    read = read_contrasts({"cond": "helmert", "stim": ("treatment", "b")})
    assert read.of("cond") == Contrast("helmert")
    assert read.of("stim") == Contrast("treatment", "b")
    assert read.of("other") == Contrast("treatment")
    read.check({"cond": ["x", "y"], "stim": ["a", "b"]})


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("dummy", "contrasts is 'dummy', which is no coding; there are treatment, sum, helmert, orthonormal."),
        ("Sum", "did you mean 'sum'"),
        (None, "must be one of treatment, sum, helmert, orthonormal, or a dictionary by column, not None"),
        ({"cond": 3}, "contrasts of 'cond' is 3, which is no coding; there are treatment"),
        ({"cond": "treatment(b)"}, r"""a reference is written contrasts={'cond': \("treatment", "level"\)}"""),
        ({"cond": ("helmert", "b")}, "write a coding alone, or"),
        ({"cond": ()}, r"contrasts of 'cond' is \(\), which is no coding"),
    ],
)
def test_what_cannot_be_read(option, message):
    with pytest.raises(ModelError, match=message):
        read_contrasts(option)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"con": "sum"}, r"contrasts names 'con', which is no factor in any formula .* did you mean 'cond'"),
        ({"cond": ("treatment", "z")}, "contrasts names 'z', which is no level of 'cond'; there are 'a', 'b'"),
    ],
)
def test_codings_of_nothing(option, message):
    with pytest.raises(ModelError, match=message):
        read_contrasts(option).check({"cond": ["a", "b"]})
    with pytest.raises(ModelError, match="no formula has one"):
        read_contrasts(option).check({})


WORDS = ["treatment", "sum", "helmert", "orthonormal", {"stim": ("treatment", "WW")}, {"stim": ("sum", "LL")}]


@pytest.mark.parametrize("option", WORDS)
@pytest.mark.parametrize("rhs", ["stim", "stim*conf", "stim*theta + C(code)", "conf/stim", "0 + stim", "0 + conf*stim"])
def test_the_coding_changes_columns_and_labels_but_not_what_they_span(experiment, rhs, option):
    experiment["conf"] = np.random.default_rng(1).choice(["HC", "LC"], len(experiment))
    experiment["code"] = np.random.default_rng(2).choice([0, 1], len(experiment))
    plain = np.hstack([term.matrix for term in evaluate_side("v", rhs, experiment).common])
    contrasts = read_contrasts(option)
    side = evaluate_side("v", rhs, experiment, contrasts)
    matrix = np.hstack([term.matrix for term in side.common])
    assert matrix.shape == plain.shape
    assert rank(np.hstack([matrix, plain])) == rank(matrix) == matrix.shape[1]
    prepared = side.columns.prepare(experiment.iloc[7:31])
    for term in side.common:
        assert len(term.labels) == term.matrix.shape[1]
        assert np.array_equal(term.evaluate(prepared), term.matrix[7:31])
        if term.name == "stim":
            cells = rhs == "0 + stim"
            levels = ["LL", "WL", "WW"]
            assert list(term.levels) == (levels if cells else contrasts.of("stim").labels(levels))
            expected = np.eye(3) if cells else contrasts.of("stim").matrix(levels)
            assert np.allclose(term.matrix, expected[[levels.index(level) for level in experiment["stim"]]])


def test_a_coding_in_the_formula_wins(experiment):
    stated = evaluate_side("v", "C(stim, Treatment('WL')) + S(conf)", experiment)
    asked = evaluate_side("v", "C(stim, Treatment('WL')) + S(conf)", experiment, read_contrasts("helmert"))
    for one, other in zip(stated.common, asked.common, strict=True):
        assert one.levels == other.levels and np.array_equal(one.matrix, other.matrix)
    assert asked.factors == {}


def test_group_terms_have_the_same_coding(experiment):
    side = evaluate_side("v", "stim + (stim | subject)", experiment, read_contrasts("sum"))
    assert np.array_equal(side.common[1].matrix, side.group[1].term.matrix)
    assert side.group[1].term.levels == ("LL", "WL")


@pytest.mark.parametrize(
    ("option", "message"),
    [({"theta": "sum"}, "names 'theta', which is no factor"), ({"stim": ("sum", "LW")}, "'LW', which is no level of")],
)
def test_what_does_not_fit_the_formulas(trials, option, message):
    sides = {"v": "stim + theta", "a": "C(code)"}
    build_design(trials, sides, ("v", "a"), contrasts=read_contrasts({"code": ("treatment", 1), "stim": "sum"}))
    with pytest.raises(ModelError, match=message):
        build_design(trials, sides, ("v", "a"), contrasts=read_contrasts(option))
