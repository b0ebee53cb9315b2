"""Covariates cut into participants' means and the distances from them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.conditions import find_conditions
from hddm_sbi.design.design import build_design
from hddm_sbi.design.within_between import share_between
from hddm_sbi.errors import FormulaError, HDDMWarning


def columns(design, frame):
    return np.hstack(design.matrices(frame)["v"][0])


def test_means_and_distances(experiment, design_of):
    terms = design_of("within(theta) + between(theta)").parameters["v"].common
    means = experiment.groupby("subject")["theta"].transform("mean")
    assert [term.name for term in terms] == ["Intercept", "within(theta)", "between(theta)"]
    assert np.allclose(terms[1].matrix[:, 0], experiment["theta"] - means)
    assert np.allclose(terms[2].matrix[:, 0], means)


def test_only_what_varies_within_participants_has_slopes(design_of):
    group = design_of("conf*within(theta) + between(theta)").parameters["v"].group
    assert [grouped.term.name for grouped in group] == ["Intercept", "conf", "within(theta)", "conf:within(theta)"]


def test_new_data_keep_the_means_of_the_fit(experiment, design_of):
    design = design_of("within(theta) + between(theta)")
    means = experiment.groupby("subject")["theta"].mean()
    known = experiment.iloc[[3, 50]].assign(theta=[9.0, -4.0])
    assert np.allclose(
        columns(design, known)[:, 1:], [[9.0 - means["s1"], means["s1"]], [-4.0 - means["s2"], means["s2"]]]
    )
    new = pd.concat([known, known.assign(subject="s9", theta=[2.0, 4.0])])
    assert np.allclose(columns(design, new)[2:, 1:], [[-1.0, 3.0], [1.0, 3.0]])
    nobody = known.drop(columns="subject")
    mean = experiment["theta"].mean()
    assert np.allclose(columns(design, nobody)[:, 1:], [[9.0 - mean, mean], [-4.0 - mean, mean]])


def test_inside_other_functions(experiment, design_of):
    design = design_of("scale(between(theta)) + I(within(theta) ** 2)")
    means = experiment.groupby("subject")["theta"].transform("mean")
    expected = np.column_stack([(means - means.mean()) / means.std(ddof=0), (experiment["theta"] - means) ** 2])
    assert np.allclose(np.hstack([term.matrix for term in design.parameters["v"].common])[:, 1:], expected)
    assert np.allclose(columns(design, experiment.iloc[5:9])[:, 1:], expected[5:9])


def test_results_are_about_participants_at_their_own_mean(experiment, trials, design_of):
    found = find_conditions(design_of("conf + within(theta) + between(theta)"), trials)
    means = experiment.groupby("subject")["theta"].mean().to_numpy()
    assert np.allclose(found.participants["theta"], np.repeat(means, 2))
    design = design_of("within(theta) + between(theta)")
    rows = columns(design, find_conditions(design, trials).participants)
    assert np.allclose(rows, np.column_stack([np.ones(6), np.zeros(6), means]))
    typical = columns(design, find_conditions(design, trials).population)
    assert np.allclose(typical, [[1.0, 0.0, experiment["theta"].mean()]])
    # where theta is in the formula as it is, it is at the mean of the trials
    found = find_conditions(design_of("within(theta) + theta:conf"), trials)
    assert np.allclose(found.participants["theta"], experiment["theta"].mean())


def test_whose_mean(trials, design_of):
    with pytest.raises(FormulaError, match=r"has within\(\), which needs to know whose trial is which; give groupby"):
        build_design(type(trials)(**{**vars(trials), "groupby": None}), {"v": "within(theta)"}, ("v",))
    for rhs in ("within()", "within(theta, conf)", "between(x=theta)"):
        with pytest.raises(FormulaError, match=r"write (within|between)\(x\)|names no column"):
            design_of(rhs)
    with pytest.raises(FormulaError, match="computes with 'conf', which holds labels"):
        design_of("within(conf)")


def both_ways(experiment, between):
    rng = np.random.default_rng(5)
    own = dict(zip(experiment["subject"].unique(), between * np.array([-1.0, 0.5, 1.5, -0.5, 0.0, 1.0]), strict=True))
    return experiment.assign(load=rng.normal(size=len(experiment)) + experiment["subject"].map(own))


def test_a_slope_that_mixes_two_is_said(experiment, trials):
    trials.frame["load"] = both_ways(experiment, 1.0)["load"]
    for rhs in ("load", "conf*load", "scale(load)", "center(load)"):
        with pytest.warns(
            HDDMWarning, match=r"'load' of 'v' .* write within\(load\) \+ between\(load\) for a slope of"
        ):
            build_design(trials, {"v": rhs}, ("v", "a"))
    for rhs in ("within(load) + between(load)", "load + between(load)", "(1 + within(load) | subject) + within(load)"):
        build_design(trials, {"v": rhs}, ("v",))
    build_design(trials, {"v": "load"}, ("v",), pooling="none")


@pytest.mark.parametrize("rhs", ["theta", "age", "age + theta", "conf", "item"])
def test_what_varies_one_way_is_not(design_of, rhs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        design_of(rhs)


def test_shares(experiment):
    index = np.unique(experiment["subject"], return_inverse=True)[1]
    rng = np.random.default_rng(6)
    assert share_between(experiment["age"].to_numpy(), index) == 1.0
    assert share_between(np.zeros(240), index) == 0.0
    assert share_between(np.tile(np.arange(40.0), 6), index) == 0.0
    assert sum(share_between(rng.normal(size=240), index) > 0.0 for _ in range(300)) <= 2
    large = rng.normal(size=6000) + np.repeat(rng.normal(size=60), 100)
    assert share_between(large, np.repeat(np.arange(60), 100)) == pytest.approx(0.5, abs=0.15)
