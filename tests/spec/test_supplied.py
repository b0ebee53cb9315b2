"""Odd designs: one sentence on what priors and population supply, and none where the data are fine."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.design import Design
from hddm_sbi.errors import HDDMWarning
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.spec.supplied import check_supplied, find_supplied
from hddm_sbi.ssm import get_model
from hddm_sbi.trials.reading import read_trials

PEOPLE = [f"s{k}" for k in range(6)]


def table(subjects: int = 6, conditions: str = "AB", trials: int = 6) -> pd.DataFrame:
    """Every participant with as many trials of each condition."""
    rows = [(s, c) for s in PEOPLE[:subjects] for c in conditions for _ in range(trials)]
    df = pd.DataFrame(rows, columns=["subject", "cond"])
    rng = np.random.default_rng(1)
    df["rt"], df["response"] = rng.uniform(0.4, 1.5, len(df)), np.arange(len(df)) % 2
    df["x"] = rng.normal(size=len(df)).round(1)
    df["item"] = np.arange(len(df)) % trials
    return df


def without(df: pd.DataFrame, *cells: tuple[str, str]) -> pd.DataFrame:
    drop = [(s, c) in cells for s, c in zip(df["subject"], df["cond"], strict=True)]
    return df[~np.array(drop)].reset_index(drop=True)


def sentences(df: pd.DataFrame, formula: Any = "v ~ cond", model: str = "ddm", **options: Any) -> list[str]:
    reading = {name: options.pop(name) for name in ("coding", "groupby", "go") if name in options}
    trials = read_trials(df, **{"groupby": "subject"} | reading)
    ssm = get_model(model, 2)
    coding = reading.get("coding", "response")
    spec, design = build_spec(ssm, trials, formula=formula, coding=coding, **options)
    assert isinstance(spec, ModelSpec) and isinstance(design, Design)
    found = list(find_supplied(ssm, spec, design, trials))
    assert all(finding.severity == "warning" and finding.rows.shape == (trials.n,) for finding in found)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", HDDMWarning)
        check_supplied(ssm, spec, design, trials)
    assert [str(one.message) for one in caught] == [finding.sentence for finding in found]
    return [finding.sentence for finding in found]


@pytest.mark.parametrize(
    "formula",
    [
        None,
        "v ~ cond",
        ["v ~ cond * x", "a ~ cond", "z ~ cond"],
        "v ~ cond + (1 + cond | subject) + (1 | item)",
        "v ~ cond * group",
        "v ~ I(x > 0)",
        "v ~ C(item)",
    ],
)
def test_nothing_is_said_where_the_data_are_fine(formula: Any) -> None:
    df = table()
    df["group"] = np.where(df["subject"] < "s3", "patient", "control")
    assert sentences(df, formula) == []


def test_levels_that_never_occur_make_no_difference() -> None:
    df = table()
    df["cond"] = pd.Categorical(df["cond"], categories=["A", "never", "B"])
    df["subject"] = pd.Categorical(df["subject"], categories=["s99", *PEOPLE])
    assert sentences(df) == []
    trials = read_trials(df, groupby="subject")
    spec, design = build_spec(get_model("ddm"), trials, formula="v ~ cond")
    plain = read_trials(table(), groupby="subject")
    expected, _ = build_spec(get_model("ddm"), plain, formula="v ~ cond")
    assert trials.subjects == plain.subjects == tuple(PEOPLE)
    assert design.columns.levels == {"cond": ("A", "B")}
    for term, other in zip(spec.parameter("v").common, expected.parameter("v").common, strict=True):
        np.testing.assert_array_equal(term.matrix, other.matrix)
        assert term.levels == other.levels


def test_a_participant_without_a_condition() -> None:
    df = without(table(), ("s3", "B"))
    said = ["participant s3 has no trials in cond=B: its effect there comes from the population alone."]
    for formula in ("v ~ cond", "v ~ 0 + cond", ["v ~ cond", "a ~ cond"], "v ~ cond * x"):
        assert sentences(df, formula) == said, formula
    assert sentences(df, pooling="none") == [said[0].replace("population", "prior")]
    assert sentences(df, random_slopes=False) == sentences(df, pooling="complete") == []
    assert sentences(without(df, ("s5", "B"))) == [
        "participants s3 and s5 have no trials in cond=B: their effect there comes from the population alone."
    ]
    assert sentences(without(table(conditions="ABC"), ("s1", "B"), ("s2", "C"))) == [
        "participants s1 and s2 have no trials in some conditions of cond (s1 none in cond=B): their effects there "
        "come from the population alone."
    ]


def test_an_interaction_is_said_only_where_its_parts_do_not_say_it() -> None:
    df = table(conditions="AB", trials=8)
    df["stim"] = np.tile(["x", "y"], len(df) // 2)
    assert sentences(df, "v ~ cond * stim") == []
    part = df[~((df["subject"] == "s3") & (df["cond"] == "B") & (df["stim"] == "y"))].reset_index(drop=True)
    assert sentences(part, "v ~ cond * stim") == [
        "participant s3 has no trials in cond=B, stim=y: its effect there comes from the population alone."
    ]
    assert sentences(without(df, ("s3", "B")), "v ~ cond * stim") == [
        "participant s3 has no trials in cond=B: its effect there comes from the population alone."
    ]


@pytest.mark.filterwarnings("ignore:the covariate 'x'")
def test_a_number_that_does_not_vary_within_a_participant() -> None:
    df = table()
    df.loc[df["subject"] == "s2", "x"] = df["x"].mean()
    assert sentences(df, "v ~ x") == [
        "'x' does not vary within participant s2: its slope of it comes from the population alone."
    ]


def test_a_factor_between_most_participants_and_within_one() -> None:
    df = table()
    df["order"] = np.where(df["subject"] < "s3", "first", "second")
    df.loc[0, "order"] = "second"  # a slip
    (said,) = sentences(df, "v ~ cond + order")
    assert said.startswith("'order' differs within 1 of 6 participants (s0), and only between the others: ")
    assert "check these rows" in said
    assert sentences(df, "v ~ order + (1 | subject)") == []


def test_a_participant_with_a_single_trial_is_not_told_of_twice() -> None:
    df = table()
    df = pd.concat([df[df["subject"] != "s0"], df.iloc[[0]]], ignore_index=True)
    with pytest.warns(HDDMWarning, match="participant 's0' in column 'subject' has a single trial"):
        assert sentences(df) == []


def test_few_groups() -> None:
    one, two, three = (sentences(table(n), None) for n in (1, 2, 3))
    assert one == [
        "there is one participant, s0: standard deviations between participants are those of their priors, and so is "
        "how far the population may be from this one; use groupby=None or pooling='complete'."
    ]
    assert len(two) == 1 and two[0].startswith("with 2 participants the standard deviations between them are mostly")
    assert three == []
    for pooling in ("none", "complete"):
        assert sentences(table(1), None, pooling=pooling) == []
    assert sentences(table(1), None, groupby=None) == []


def test_a_condition_with_one_choice() -> None:
    df = table()
    df.loc[df["cond"] == "B", "response"] = 1
    (said,) = sentences(df, ["v ~ cond", "a ~ cond", "z ~ cond"])
    assert (
        said.startswith("all responses where cond=B are 1: ")
        and "a and z are told apart by little but their priors" in said
    )
    # v and one of the two are told by the times
    assert sentences(df, ["v ~ cond", "a ~ cond"]) == sentences(df, ["v ~ cond", "z ~ cond"]) == []
    assert sentences(df, ["v ~ cond", "a ~ cond"], coding="accuracy") == []
    (race,) = sentences(df, ["v0 ~ cond", "v1 ~ cond"], model="rdm")
    assert race.startswith("no response where cond=B is 0: the data say that v0 is low there")
    assert sentences(df, "v1 ~ cond", model="rdm") == []
