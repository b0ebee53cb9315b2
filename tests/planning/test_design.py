"""Designs in a few lines, the tables they stand for, and populations with given effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch.distributions as td

import hddm_sbi as hs
from hddm_sbi.planning.design import Planned, PlannedDesign
from hddm_sbi.planning.population import Population, value_of

OPTIONS = {"likelihood": "exact", "p_outlier": 0}


def test_cells_and_groups_have_their_shares() -> None:
    design = PlannedDesign.of(
        {"within": {"stim": {"go": 3, "nogo": 1}, "cue": ["x", "y"]}, "between": {"group": {"p": 1, "c": 2}}}
    )
    table = design.table(10, 20)
    people = table.groupby("participant")["group"].first()
    assert people.value_counts().to_dict() == {"p": 3, "c": 7}
    counts = table[table["participant"] == 1].groupby(["stim", "cue"]).size()
    assert counts.to_dict() == {("go", "x"): 60, ("go", "y"): 60, ("nogo", "x"): 20, ("nogo", "y"): 20}
    assert set(table["response"]) == {0, 1} and design.fewest == 2


@pytest.mark.parametrize(
    ("design", "size", "words"),
    [
        ({"within": {"cond": {"a": 1, "b": 0}}}, (10, 20), "the cell cond=b is empty"),
        ({"within": {"cond": {"a": 1, "b": 0.01}}}, (10, 20), "with 20 trials a cell .* none in the cell cond=b"),
        ({"between": {"g": {"a": 9, "b": 1}}}, (3, 20), "nobody in the group g=b: plan with at least 6"),
        ({"within": {"cond": ["a"]}}, (10, 20), "give two or more"),
        ({"within": {"c": ["a", "b"]}, "between": {"c": ["a", "b"]}}, (10, 20), "both within and between"),
        ({"formulas": "v ~ cond"}, (10, 20), "has the entry 'formulas'"),
        ({"within": {"rt": ["a", "b"]}}, (10, 20), "rename it"),
        ("v ~ cond", (10, 20), "give a mapping"),
    ],
)  # fmt: skip
def test_bad_designs_are_one_sentence(design: Any, size: tuple[int, int], words: str) -> None:
    with pytest.raises(hs.HDDMError, match=words):
        PlannedDesign.of(design).table(*size)


def test_a_population_has_the_effects_on_the_natural_scale() -> None:
    design = PlannedDesign.of(
        {"within": {"cond": ["a", "b"]}, "between": {"g": ["p", "c"]}, "formula": "a ~ cond * g, v ~ g", **OPTIONS}
    )
    planned = Planned.of(design, 60, 4)
    effects = {"a[cond=a] - a[cond=b]": 0.3, "v[g=p] - v[g=c]": -0.5}
    population = Population({"v": 1.7, "t0": 0.25}, effects, {"v": 0.4, "a_cond": 0.0})
    drawn = population.draw(planned, np.random.SeedSequence(4))
    expected = effects | {"v": 1.7, "t0": 0.25, "a": 1.5, "a[g=p] - a[g=c]": 0.0}
    for contrast, value in expected.items():
        assert value_of(planned, drawn, contrast) == pytest.approx(value, abs=1e-5)
    people = planned.experiment.posterior(drawn)["v_participant"].to_numpy().ravel()
    assert np.nanstd(people) == pytest.approx(np.hypot(0.4, 0.25), rel=0.3)  # within groups, and between the two
    assert population.sds_of(planned.experiment.spec)["a"] == pytest.approx(0.5 * 0.6745, rel=1e-3)


def test_effects_that_say_both_levels_and_uncertain_ones() -> None:
    planned = Planned.of(PlannedDesign.of({"within": {"cond": ["a", "b"]}, "formula": "v ~ cond", **OPTIONS}), 3, 4)
    both = Population({}, {"v[cond=a]": 1.0, "v[cond=b]": 0.2}, {}).draw(planned, np.random.SeedSequence(1))
    assert value_of(planned, both, "v") == pytest.approx(0.6, abs=1e-6)
    law = Population({}, {"v[cond=a] - v[cond=b]": td.Normal(0.5, 0.1)}, {})
    values = [
        value_of(planned, law.draw(planned, np.random.SeedSequence(k)), "v[cond=a] - v[cond=b]") for k in range(40)
    ]
    assert np.mean(values) == pytest.approx(0.5, abs=0.06) and np.std(values) == pytest.approx(0.1, rel=0.4)


def test_withheld_responses_of_a_design_have_no_time() -> None:
    design = {"within": {"stim": ["go", "nogo"]}, "formula": "v ~ stim", "coding": "response", "go": 1, "deadline": 1.5}
    table = PlannedDesign.of(design | OPTIONS).table(4, 20)
    assert table["rt"].isna().equals(table["response"] != 1) and table["rt"].max() < 1.5
    Planned.of(PlannedDesign.of(design | OPTIONS), 4, 20)
