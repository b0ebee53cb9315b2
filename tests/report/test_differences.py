"""Differences between cells: all of them, and the numbers that ``model.contrast`` gives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hddm_sbi.report.differences import MOST_CELLS, differences, own_cells
from hddm_sbi.results.to_arviz import group


def test_every_pair_of_cells_is_compared_as_contrast_does(crossed) -> None:
    model, idata = crossed
    table = differences(group(idata, "posterior"), model.conditions)
    # of v four cells and the levels of two factors, of a the two levels of its own factor
    assert table["parameter"].value_counts().to_dict() == {"v": 6 + 2, "a": 1}
    for row in table.iloc[[0, 1, 4, 7, 8]].itertuples():
        found = model.contrast(idata, row.contrast).summary.iloc[0]
        np.testing.assert_allclose([row.mean, row.sd, row.p_direction], found[["mean", "sd", "p_direction"]].tolist())
        assert row.direction == found["direction"]
    assert table["contrast"].iloc[-1] == "a[cond=hard] - a[cond=easy]"
    assert table["label"].iloc[-1] == "cond: hard - easy"
    assert "cond: hard - easy at side=l" in table["label"].tolist()


def test_a_factor_that_changes_nothing_is_no_factor_of_a_parameter() -> None:
    cells = pd.DataFrame({"one": ["a", "a", "b", "b"], "two": ["x", "y", "x", "y"]})
    draws = np.random.default_rng(0).normal(size=(2, 10, 2))[..., [0, 0, 1, 1]]
    factors, found = own_cells(draws, cells)
    assert factors == ["one"] and list(found) == [("a",), ("b",)]
    np.testing.assert_array_equal(found["b",], draws[..., 2])


def test_of_many_cells_those_are_compared_that_differ_in_one_factor(crossed) -> None:
    _, idata = crossed
    levels = [(f"a{i}", f"b{j}") for i in range(4) for j in range(4)]
    assert len(levels) > MOST_CELLS
    cells = pd.DataFrame(levels, columns=["one", "two"], index=pd.Index([f"c{k}" for k in range(16)], name="condition"))
    draws = np.random.default_rng(0).normal(size=(2, 30, 16))
    posterior = group(idata, "posterior")[["a"]].isel(condition=0, drop=True).rename({"a": "t0"})
    posterior = posterior.assign(v=(("chain", "draw", "condition"), draws))
    table = differences(posterior, cells)
    within_one = 2 * 4 * 6  # of each level of one factor the pairs of the other's
    assert len(table) == within_one + 2 * 6
