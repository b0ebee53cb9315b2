"""Columns as R's ``model.matrix`` and lme4 make them, up to their order and names; facts in tests/reference."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from hddm_sbi.design.design import Design, build_design
from hddm_sbi.design.grouped import brackets_of
from hddm_sbi.design.rank import rank
from hddm_sbi.trials.reading import read_trials

FACTS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "model_matrices.json").read_text(encoding="utf-8")
)
POPULATION = {entry["formula"]: entry for entry in FACTS["population"]}
BRACKETS = {entry["formula"]: entry for entry in FACTS["brackets"]}
NEW = [40, 3, 3, 17]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    frame = pd.DataFrame(FACTS["data"])
    frame["o"] = pd.Categorical(frame["o"], ["low", "mid", "high"], ordered=True)  # nobody is low
    return frame


def design_of(table: pd.DataFrame, rhs: str) -> Design:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ids that start anew in each group, which R reads as different, too
        return build_design(read_trials(table), {"v": rhs}, ("v",))


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    """The same columns in any order."""
    assert ours.shape == theirs.shape
    distance = np.abs(ours[:, :, np.newaxis] - theirs[:, np.newaxis, :]).max(axis=0)
    assert distance[linear_sum_assignment(distance)].max() < 1e-12


def test_there_are_enough_of_them():
    assert len(POPULATION) + len(BRACKETS) > 60


@pytest.mark.parametrize("rhs", POPULATION)
def test_population_terms(table, rhs):
    expected, design = POPULATION[rhs], design_of(table, rhs)
    parameter, theirs = design.parameters["v"], np.array(expected["columns"]).T
    ours = np.hstack([term.matrix for term in parameter.common])
    new = np.hstack(design.matrices(table.iloc[NEW])["v"][0])
    if "spans" in expected:
        assert ours.shape[1] == rank(ours) == rank(theirs) == rank(np.hstack([ours, theirs]))
        assert np.allclose(new, ours[NEW], atol=1e-12)
    else:
        assert_same(ours, theirs)
        assert_same(new, theirs[NEW])
    if "offset" in expected:
        (offset,) = np.array(expected["offset"])
        assert np.allclose(parameter.offset, offset, atol=1e-14)
        assert np.allclose(design.offsets(table.iloc[NEW])["v"], offset[NEW], atol=1e-14)
    else:
        assert parameter.offset is None and not design.offsets(table.iloc[NEW])


@pytest.mark.parametrize("rhs", BRACKETS)
def test_brackets(table, rhs):
    """What lme4 multiplies each group's effects with, and which trials share a group."""
    design = design_of(table, rhs)
    new = dict(zip(map(id, design.parameters["v"].group), design.matrices(table.iloc[NEW])["v"][1], strict=True))
    ours = []
    for members in brackets_of(design.parameters["v"].group):
        # lme4 splits (x || g) into brackets
        parts = [[member] for member in members] if members[0].independent else [members]
        ours += [(part[0].grouping, np.hstack([member.term.matrix for member in part]), part) for part in parts]
    left = list(BRACKETS[rhs]["brackets"])
    assert len(ours) == len(left)
    for grouping, matrix, part in ours:
        theirs = next(
            bracket
            for bracket in left
            if set(bracket["factor"].split(":")) == set(grouping.columns) and len(bracket["columns"]) == matrix.shape[1]
        )
        left.remove(theirs)
        columns = np.array(theirs["columns"]).T
        assert_same(matrix, columns)
        assert_same(np.hstack([new[id(member)] for member in part]), columns[NEW])
        labels = [sorted(label.split(":")) for label in theirs["groups"]]
        assert [sorted(str(grouping.groups[code]).split(":")) for code in grouping.index] == labels
