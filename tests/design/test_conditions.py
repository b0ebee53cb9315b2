import numpy as np
import pytest

from hddm_sbi.design.conditions import find_conditions
from hddm_sbi.design.design import build_design
from hddm_sbi.trials.reading import read_trials


def test_without_factors_there_is_one_cell_and_no_label(design_of, trials):
    conditions = find_conditions(design_of("theta"), trials)
    assert conditions.labels == () and conditions.by_condition == ()
    assert len(conditions.population) == 1
    assert conditions.population["theta"][0] == pytest.approx(trials.frame["theta"].mean())
    assert conditions.seen.shape == (6, 1) and conditions.seen.all()


def test_cells_that_occur_in_the_order_of_levels(design_of, trials):
    conditions = find_conditions(design_of("conf + theta"), trials)
    assert conditions.labels == ("conf=HC", "conf=LC")
    assert conditions.by_condition == ("v",)
    trials_by_two = build_design(trials, {"v": "conf", "a": "stim"}, ("v", "a"))
    two = find_conditions(trials_by_two, trials)
    assert two.labels == ("conf=HC, stim=LL", "conf=HC, stim=WW", "conf=LC, stim=LL", "conf=LC, stim=WL")
    assert two.by_condition == ("v", "a")
    assert list(two.table.columns) == ["conf", "stim"] and two.table.index.name == "condition"


def test_coded_and_boolean_factors(design_of, trials):
    assert find_conditions(design_of("C(code)"), trials).labels == ("code=0", "code=1")
    assert find_conditions(design_of("old"), trials).labels == ("old=False", "old=True")


def test_a_factor_between_participants_and_one_not_seen_by_all(design_of, experiment):
    kept = experiment[~((experiment["subject"] == "s2") & (experiment["conf"] == "LC"))]
    trials = read_trials(kept, groupby="subject")
    conditions = find_conditions(build_design(trials, {"v": "group + conf"}, ("v",)), trials)
    assert conditions.labels[0] == "group=control, conf=HC"
    expected = np.zeros((6, 4), dtype=bool)
    expected[:3, :2], expected[3:, 2:], expected[1, 1] = True, True, False
    assert np.array_equal(conditions.seen, expected)


def test_covariates_of_participants(design_of, trials):
    conditions = find_conditions(design_of("age + conf"), trials)
    assert np.allclose(conditions.population["age"], trials.frame["age"].mean())
    assert conditions.participants is not None
    assert np.array_equal(conditions.participants["age"].to_numpy()[::2], [20.0, 31.0, 45.0, 28.0, 60.0, 52.0])
    assert np.array_equal(conditions.groups["subject"], np.repeat(np.arange(6), 2))


def test_other_groupings_have_a_group_only_where_it_is_one(design_of, trials):
    conditions = find_conditions(design_of("conf + (1 | subject) + (1 | item) + (1 | group)"), trials)
    assert (conditions.groups["item"] == -1).all()
    assert np.array_equal(conditions.groups["group"], np.repeat([0, 1], 6))


def test_without_participants(experiment):
    trials = read_trials(experiment)
    conditions = find_conditions(build_design(trials, {"v": "conf"}, ("v",)), trials)
    assert conditions.participants is None and conditions.seen.shape == (0, 2)
