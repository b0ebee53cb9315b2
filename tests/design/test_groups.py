"""Group terms: how their effects go together, by what they group, and what no group can show."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.design import build_design
from hddm_sbi.design.grouped import brackets_of, formula_text, said_of_independence
from hddm_sbi.errors import DataError, FormulaError, HDDMWarning
from hddm_sbi.trials.reading import read_trials


def of(design_of, rhs):
    return design_of(rhs).parameters["v"].group


@pytest.mark.parametrize(
    ("rhs", "said"),
    [
        ("theta", [(0, None, False, False), (0, None, False, False)]),
        ("(theta | subject)", [(0, None, False, True), (0, None, False, True)]),
        ("(theta || subject)", [(0, None, True, True), (0, None, True, True)]),
        ("(theta |p| subject)", [(0, "p", False, True), (0, "p", False, True)]),
        ("(1 | 2 | subject)", [(0, "2", False, True)]),
        ("(1 | gr(subject, id='my p'))", [(0, "my p", False, True)]),
        ("(1 | gr(subject, cor=FALSE))", [(0, None, True, True)]),
        ("(1 | subject) + (0 + theta |p| subject)", [(0, None, False, True), (1, "p", False, True)]),
        ("(1 | subject) + (1 | item)", [(0, None, False, True), (0, None, False, True)]),
    ],
)
def test_how_effects_go_together(design_of, rhs, said):
    group = of(design_of, rhs)
    assert [(g.bracket, g.block, g.independent, g.own) for g in group] == said


def test_standard_deviations_by_a_factor_between_participants(design_of, trials, experiment):
    (term,) = of(design_of, "(1 | gr(subject, by=group))")
    assert term.by.column == "group" and term.by.labels == ("control", "patient")
    assert term.by.index.tolist() == [0, 0, 0, 1, 1, 1]
    assert term.by.locate(experiment.iloc[[200, 0]]).tolist() == [1, 0]
    with pytest.raises(
        DataError, match=r"'group' has the level 'other', which was not in the data .* control, patient"
    ):
        term.by.locate(pd.DataFrame({"group": ["other"]}))
    with pytest.raises(DataError, match="no column 'group', by which"):
        term.by.locate(pd.DataFrame({"other": [1]}))
    # it is no covariate: results have no conditions of it
    assert design_of("(1 | gr(subject, by=group))").columns.levels == {}


def test_a_numeric_stratum_is_in_order(design_of, trials):
    trials.frame["age"] = trials.frame["age"] // 30
    (term,) = of(design_of, "(1 | gr(subject, by=age))")
    assert term.by.labels == (0, 1, 2) and term.by.index.tolist() == [0, 1, 1, 0, 2, 1]


@pytest.mark.parametrize(
    ("rhs", "message"),
    [
        ("(age | subject)", r"the effect of 'age' by 'subject', but 'age' is the same on all trials of each of the 6 "
         r"groups \(s1, s2, s3, \.\.\.\); write \(1 \| subject\)\.$"),
        ("theta + (theta + age | subject)", r"'age' by 'subject', .* write \(1 \+ theta \| subject\)\.$"),
        ("(group | subject)", r"'group' by 'subject', .* write \(1 \| subject\), or \(1 \| gr\(subject, by=group\)\)"),
        ("(0 + group | subject)", r"'group' by 'subject', .* write \(1 \| subject\), or \(1 \| gr\(.*\)\) where"),
        ("(group:conf | subject)", r"within each of its groups 'group:conf' .* write \(1 \+ conf \| subject\)\.$"),
        ("(conf + stim | item)", r"'conf' by 'item', .* each of the 8 groups .* \(1 \| gr\(item, by=conf\)\)"),
        ("(theta + theta:age | subject)", r"within each of its groups 'theta:age' is a combination of the effects "
         r"before it; write \(1 \+ theta \| subject\)\.$"),
        ("(1 | gr(subject, by=conf))", r"gr\(subject, by=conf\), but 's1' of 'subject' is in several levels of 'conf'"),
        ("(1 | gr(subject, by=one))", r"gr\(subject, by=one\), but 'one' is 1 on all trials; leave by out"),
        ("(1 | gr(subject, by=nothing))", r"names the column 'nothing', which the data does not have"),
        ("(1 | one)", r"groups by 'one', which is 1 on all trials; drop \(\.\.\. \| one\)"),
        ("(1 | subject:trial)", r"groups by 'subject:trial', of which every trial has its own"),
        ("(theta + copy | subject)", r"'theta', 'copy' determine each other"),
    ],
)  # fmt: skip
def test_what_no_group_can_show(design_of, trials, rhs, message):
    trials.frame["one"], trials.frame["trial"] = 1, np.arange(len(trials.frame))
    trials.frame["copy"] = trials.frame["theta"]
    with pytest.raises(FormulaError, match=message):
        design_of(rhs)


def test_an_effect_that_some_groups_show(design_of, trials):
    trials.frame["cue"] = np.where(trials.frame["subject"] == "s1", "none", trials.frame["conf"])
    group = of(design_of, "(0 + theta | subject) + (cue | subject)")
    assert [g.term.name for g in group] == ["theta", "Intercept", "cue"]


class TestNesting:
    """Labels 1, 2, 3 that start anew in each of two blocks and schools."""

    @pytest.fixture
    def table(self, experiment):
        experiment["id"] = experiment["subject"].map({"s1": 1, "s2": 2, "s3": 3, "s4": 1, "s5": 2, "s6": 3})
        experiment["school"] = experiment["group"].map({"control": "x", "patient": "y"})
        return experiment.drop(columns="group").rename(columns={"school": "wing"})

    @pytest.mark.parametrize("rhs", ["(1 | wing/id)", "(1 | wing:id)"])
    def test_participants_are_asked_about(self, table, rhs):
        with pytest.raises(FormulaError) as caught:
            build_design(read_trials(table, groupby="id"), {"v": rhs}, ("v", "a"))
        message = str(caught.value)
        assert (
            "groups by 'wing:id', and 1 of 'id' occurs in several levels of 'wing'; if these are different" in message
        )
        assert "say groupby=['wing', 'id']; if they are the same people, write (1 | id) + (1 | wing:id)." in message

    @pytest.mark.parametrize(
        ("groupby", "rhs", "factors"),
        [
            (["wing", "id"], "(1 | wing/id)", ["wing", "wing:id"]),
            (["wing", "id"], "(1 | id:wing)", ["wing:id"]),
            (["wing", "id"], "1", ["wing:id"]),
            (["id"], "(1 | wing/id)", ["wing", "wing:id"]),
            ("id", "(1 | id) + (1 | wing:id)", ["id", "wing:id"]),
            ("subject", "(1 | wing/subject)", ["wing", "subject"]),
            ("subject", "(1 | subject) + (1 | subject:item)", ["subject", "subject:item"]),
        ],
    )
    def test_answers(self, table, groupby, rhs, factors):
        trials = read_trials(table, groupby=groupby)
        with warnings.catch_warnings():
            if groupby == ["id"]:
                warnings.simplefilter("ignore")
            design = build_design(trials, {"v": rhs}, ("v",))
        assert list(design.groupings) == factors
        if trials.groupby in factors:
            grouping = design.groupings[trials.groupby]
            assert grouping.groups == trials.subjects
            assert np.array_equal(grouping.locate(table).index, trials.subject)

    def test_new_data_of_participants_by_two_columns(self, table):
        design = build_design(read_trials(table, groupby=["wing", "id"]), {"v": "theta"}, ("v",))
        new = pd.DataFrame({"wing": ["y", "x"], "id": [3, 1], "theta": 0.0})
        assert design.groupings["wing:id"].locate(new).index.tolist() == [5, 0]
        assert design.groupings["wing:id"].locate(new.assign(id=7)).new == ("y:7", "x:7")

    def test_other_factors_are_read_as_written_and_the_other_reading_said(self, table):
        table["class"] = table["id"]
        with pytest.warns(
            HDDMWarning, match=r"nests 'class' in 'wing', and 1 of 'class' occurs .* write \(1 \| wing\) \+ "
        ):
            design = build_design(read_trials(table, groupby="subject"), {"v": "(1 | wing/class)"}, ("v",))
        assert len(design.groupings["wing:class"].groups) == 6
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            build_design(read_trials(table, groupby="subject"), {"v": "(1 | wing:class)"}, ("v",))
            build_design(read_trials(table), {"v": "(1 | wing/subject)"}, ("v",))


def correlated(grouped):
    return not grouped.independent


def test_in_words(design_of):
    def texts(rhs):
        design = design_of(rhs).parameters["v"]
        return design.formula, design.in_words(correlated)

    assert texts("conf") == ("1 + conf + (1 + conf || subject)", "1 + conf + (1 + conf | subject)")
    assert texts("(conf || subject)") == ("1 + (1 + conf || subject)",) * 2
    assert texts("(1 | subject)") == ("1 + (1 | subject)",) * 2
    assert texts("(0 + conf | subject)") == ("1 + (0 + conf || subject)", "1 + (0 + conf | subject)")
    assert texts("(1 + theta |p| subject)") == ("1 + (1 + theta |p| subject)",) * 2
    assert texts("offset(theta) + (1 | gr(subject, by=group))") == (
        "1 + offset(theta) + (1 | gr(subject, by=group))",
    ) * 2  # fmt: skip
    design = design_of("(1 | subject) + (0 + theta | subject)").parameters["v"]
    assert formula_text((), design.group) == "(1 | subject) + (0 + theta | subject)"
    assert [len(members) for members in brackets_of(design.group)] == [1, 1]


@pytest.mark.parametrize(
    "rhs", ["conf", "(1 | subject)", "(conf || subject)", "(conf |p| subject)", "(1 | subject) + (1 | item)"]
)
def test_nothing_is_said_of_independence_that_was_asked_for(design_of, rhs):
    assert said_of_independence({"v": of(design_of, rhs)}) is None


def test_independence_is_said_where_lme4_would_estimate_a_covariance(design_of):
    group_of = {"v": of(design_of, "(conf | subject)"), "a": of(design_of, "(1 | item)")}
    assert said_of_independence(group_of) == (
        "The effects in (1 + conf | subject) of v are taken as independent of each other; write (1 + conf || subject) "
        "to say so, or correlated=True to estimate their correlations."
    )
    assert said_of_independence(group_of, correlated) is None
    twice = dict.fromkeys(("v", "a", "t0"), group_of["v"])
    assert "of v, and those of 2 more brackets, are taken as" in said_of_independence(twice)


def test_offsets(design_of, experiment):
    design = design_of("conf + offset(theta / 2) + offset(np.log(age)) + offset(scale(theta))")
    theta, age = experiment["theta"].to_numpy(), experiment["age"].to_numpy()
    expected = theta / 2 + np.log(age) + (theta - theta.mean()) / theta.std()
    parameter = design.parameters["v"]
    assert np.allclose(parameter.offset, expected) and [term.name for term in parameter.common] == ["Intercept", "conf"]
    assert design.parameters["a"].offset is None
    new = design.offsets(experiment.iloc[[7, 100]])
    assert list(new) == ["v"] and np.allclose(new["v"], expected[[7, 100]])
    # trials that differ in the offset alone are different rows of the design
    assert np.allclose(parameter.offset[design.first][design.row], expected)
    assert set(design.covariates) == {"conf", "theta", "age"}
