import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.design import build_design
from hddm_sbi.design.grouping import column_grouping
from hddm_sbi.errors import DataError, FormulaError, HDDMWarning, ModelError
from hddm_sbi.trials.reading import read_trials


@pytest.mark.parametrize(
    ("rhs", "formula"),
    [
        ("1", "1 + (1 | subject)"),
        ("conf", "1 + conf + (1 + conf || subject)"),
        ("0 + stim", "0 + stim + (0 + stim || subject)"),
        ("theta", "1 + theta + (1 + theta || subject)"),
        ("0 + theta", "0 + theta + (0 + theta | subject)"),
        ("group", "1 + group + (1 | subject)"),
        ("age", "1 + age + (1 | subject)"),
        ("0 + group", "0 + group + (1 | subject)"),
        ("group * theta", "1 + group + theta + group:theta + (1 + theta || subject)"),
        ("0 + group + conf", "0 + group + conf + (1 + conf || subject)"),
        ("0 + group:conf", "0 + group:conf + (0 + group:conf || subject)"),
        ("conf + (1 | subject)", "1 + conf + (1 | subject)"),
        ("conf + (1 | item)", "1 + conf + (1 | item)"),
        ("conf + (conf | subject) + (1 | item)", "1 + conf + (1 + conf || subject) + (1 | item)"),
        ("1 + (0 + stim | subject)", "1 + (0 + stim || subject)"),
    ],
)
def test_automatic_group_terms(design_of, rhs, formula):
    assert design_of(rhs).parameters["v"].formula == formula


def test_pooling_shared_and_slopes(design_of):
    assert design_of("conf", pooling="complete").parameters["v"].formula == "1 + conf"
    assert design_of("conf", pooling="none").parameters["v"].formula == "(1 + conf || subject)"
    assert design_of("conf", random_slopes=False).parameters["v"].formula == "1 + conf + (1 | subject)"
    assert design_of("0 + stim", random_slopes=False).parameters["v"].formula == "0 + stim + (1 | subject)"
    shared = design_of("conf", shared=("a",))
    assert shared.parameters["a"].formula == "1"
    assert design_of("conf", pooling="none", shared=("a",)).parameters["a"].formula == "1"


def test_across_trial_variability_stays_at_the_population(trials):
    names, sides = ("v", "sv", "sz", "st0"), {"sz": "1 + (1 | subject)", "st0": "conf"}

    def formulas(sides, **options):
        design = build_design(trials, sides, names, population=("sv", "sz", "st0"), **options)
        return [parameter.formula for parameter in design.parameters.values()]

    assert formulas(sides) == ["1 + (1 | subject)", "1", "1 + (1 | subject)", "1 + conf"]
    # participants apart have one value for all of what cannot be told for each
    assert formulas({"st0": "conf"}, pooling="none") == ["(1 | subject)", "1", "1", "1 + conf"]


def test_without_groupby_there_are_only_the_users_group_terms(experiment):
    trials = read_trials(experiment)
    design = build_design(trials, {"v": "conf + (1 | item)"}, ("v", "a"))
    assert [p.formula for p in design.parameters.values()] == ["1 + conf + (1 | item)", "1"]


@pytest.mark.parametrize(
    ("rhs", "options", "error", "message"),
    [
        (
            "group",
            {"pooling": "none"},
            FormulaError,
            r"effect of 'group' on 'v', which does not vary within participants",
        ),
        ("conf + (1 | subject)", {"pooling": "none"}, FormulaError, "has group terms, which pooling 'none'"),
        ("conf + (1 | subject)", {"pooling": "complete"}, FormulaError, "has group terms, which pooling 'complete'"),
        ("conf", {"pooling": "none", "random_slopes": False}, ModelError, "drop random_slopes"),
        ("conf", {"pooling": "some"}, ModelError, "pooling 'some' is not known; choose one of partial, none, complete"),
        ("(1 | subject)", {"shared": ("v",)}, FormulaError, "'v' is in shared, but its formula varies by 'subject'"),
        ("0", {"pooling": "complete"}, FormulaError, "has no terms; write 'v ~ 1'"),
    ],
)
def test_contradictions(design_of, rhs, options, error, message):
    with pytest.raises(error, match=message):
        design_of(rhs, **options)


def test_pooling_none_needs_participants(experiment):
    with pytest.raises(ModelError, match="needs groupby"):
        build_design(read_trials(experiment), {}, ("v",), pooling="none")


def test_links_to_the_population(design_of):
    grouped = design_of("stim + (stim | subject) + (1 | item)").parameters["v"].group
    assert [(g.term.name, g.grouping.factor, g.linked) for g in grouped] == [
        ("Intercept", "subject", True),
        ("stim", "subject", True),
        ("Intercept", "item", True),
    ]
    assert [g.linked for g in design_of("stim + (0 + stim | subject)").parameters["v"].group] == [False]
    assert [g.linked for g in design_of("0 + group").parameters["v"].group] == [False]


def test_design_rows_are_distinct_and_complete(design_of, trials):
    design = design_of("0 + stim")
    assert len(design.first) == 6 * 3
    for parameter in design.parameters.values():
        for term in parameter.common:
            assert np.array_equal(term.matrix[design.first][design.row], term.matrix)
        for grouped in parameter.group:
            index = grouped.grouping.index
            assert np.array_equal(index[design.first][design.row], index)
    assert design.frame["stim"].equals(trials.frame["stim"].iloc[design.first].reset_index(drop=True))


def test_other_groupings(design_of, trials):
    grouping = design_of("(1 | item:conf)").groupings["item:conf"]
    assert grouping.groups == tuple(f"{item}:{'HC' if item % 2 == 0 else 'LC'}" for item in range(8))
    assert np.array_equal(grouping.index, trials.frame["item"])
    nested = design_of("(1 | group / subject)").groupings
    assert nested["group"].groups == ("control", "patient")
    # no two groups share a participant's label, so that the participants are meant
    assert nested["subject"].groups == trials.subjects and list(nested) == ["group", "subject"]


def test_new_data(design_of, trials, experiment):
    design = design_of("scale(theta) * conf + C(stim)")
    some = experiment.iloc[[200, 11, 11]]
    common, group = design.matrices(some)["v"]
    for term, matrix in zip(design.parameters["v"].common, common, strict=True):
        assert np.array_equal(matrix, term.matrix[[200, 11, 11]])
    located = design.groupings["subject"].locate(some)
    assert np.array_equal(located.index, [5, 0, 0]) and located.new == ()
    assert np.array_equal(group[0], np.ones((3, 1)))
    one = pd.DataFrame({"theta": [1], "conf": ["LC"], "stim": ["WW"], "subject": ["s2"]})
    assert design.matrices(one)["v"][0][1].shape == (1, 1)


def test_numeric_participants_in_new_data(cavanagh):
    trials = read_trials(cavanagh, groupby="participant_id")
    grouping = build_design(trials, {}, ("v",)).groupings["participant_id"]
    assert np.array_equal(grouping.locate(cavanagh).index, trials.subject)
    with pytest.warns(HDDMWarning, match="is text in the new data and a number in the data .* 13 more are taken for"):
        located = grouping.locate(cavanagh.astype({"participant_id": str}))
    assert np.array_equal(located.index, trials.subject) and located.new == ()


def test_a_label_that_may_be_two_is_refused():
    known = pd.DataFrame({"site": pd.Series([1, "1"], dtype=object), "subject": pd.Series(["2", 2], dtype=object)})
    grouping = column_grouping(known, ("site", "subject"))
    assert grouping.locate(known).index.tolist() == grouping.index.tolist()
    with pytest.raises(DataError, match="the group 1:2 of 'site:subject' may be either of two"):
        grouping.locate(pd.DataFrame({"site": ["1"], "subject": ["2"]}))


def test_groups_that_were_not_in_the_data_follow_those_that_were(design_of, experiment):
    some = experiment.iloc[[0, 0, 200, 0]].assign(item=["new", 1, "new", "other"])
    nested = design_of("(1 | subject) + (1 | subject:item)").groupings["subject:item"]
    located = nested.locate(some.assign(subject=["s1", "s1", "s1", "s9"]))
    assert located.new[0] == "s1:new" and located.new[-1] == "s9:other"
    known = len(nested.groups)
    assert located.index[0] == located.index[2] == known and located.index.max() == known + len(located.new) - 1
    with pytest.raises(DataError, match="1 of 4 labels missing in the column 'item'"):
        nested.locate(some.assign(item=["new", None, 1, 1]))


@pytest.mark.parametrize(
    "rhs",
    [
        "conf*theta + group",
        "0 + conf:group",
        "C(conf):C(group):theta",
        "(1 + theta)*group + (1 + theta | subject) + (0 + conf | group)",
        "theta + (theta || subject) + (1 |p| item)",
        "(1 | subject) + (0 + theta |my block| subject)".replace("my block", "`my block`"),
        "conf + (1 + conf |p| gr(subject, by=group)) + offset(theta / 2) + offset(`my col`)",
        "`2back` + I((`my col` + `2back`) / 2):conf + log(`my col` + 100)",
        "`2back` + (`2back` | `my subject`)",
        "C(stim, Treatment('WL')) + bs(theta, df=4)",
        "(0 + conf:group | subject)",
    ],
)
def test_the_formula_in_words_is_read_as_the_same_design(trials, rhs):
    for name, column in (("2back", "theta"), ("my col", "age"), ("my subject", "subject")):
        trials.frame[name] = trials.frame[column]
    first = build_design(trials, {"v": rhs}, ("v",)).parameters["v"]
    again = build_design(trials, {"v": first.formula}, ("v",)).parameters["v"]
    assert again.formula == first.formula
    for one, two in zip((*first.common, *first.group), (*again.common, *again.group), strict=True):
        assert np.array_equal(getattr(one, "term", one).matrix, getattr(two, "term", two).matrix)
    said = [
        [(g.grouping.factor, g.bracket, g.block, None if g.by is None else g.by.column) for g in design.group]
        for design in (first, again)
    ]
    assert said[0] == said[1]
    assert len(first.offset_terms) == len(again.offset_terms)
    for one, two in zip(first.offset_terms, again.offset_terms, strict=True):
        assert np.array_equal(one.matrix, two.matrix)
