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


@pytest.mark.filterwarnings("ignore:the column '.*' has only the values")
@pytest.mark.parametrize(
    ("formula", "labels"),
    [
        ("sign", ("sign=-1", "sign=1")),
        ("0 + half", ("half=-0.5", "half=0.5")),
        ("code", ("code=0", "code=1")),
        ("three", ("three=-1", "three=0", "three=1")),
        ("0 + sign + sign:conf", ("sign=-1, conf=HC", "sign=-1, conf=LC", "sign=1, conf=HC", "sign=1, conf=LC")),
        ("sign + (0 + half | subject)", ("sign=-1, half=-0.5", "sign=1, half=0.5")),
        ("four", ()),
    ],
)
def test_codes_of_two_or_three_values_are_shown_at_each(experiment, formula, labels):
    n = np.arange(len(experiment))
    sign = np.where(n % 4 < 2, 1, -1)
    columns = {"sign": sign, "half": sign / 2, "code": (sign + 1) // 2, "three": n % 3 - 1, "four": n % 4}
    trials = read_trials(experiment.assign(**columns), groupby="subject")
    conditions = find_conditions(build_design(trials, {"v": formula}, ("v",)), trials)
    assert conditions.labels == labels
    assert conditions.numeric == tuple(name for name in conditions.table.columns if name != "conf")
    assert conditions.held == ({"four": pytest.approx(columns["four"].mean())} if formula == "four" else {})


@pytest.mark.parametrize("formula", ["0 + theta", "0 + scale(theta)", "1 + (0 + theta | subject)", "0 + within(theta)"])
def test_where_the_mean_says_nothing_numbers_are_at_a_standard_deviation_to_either_side(experiment, formula):
    experiment["theta"] -= 1.0
    trials, theta = read_trials(experiment, groupby="subject"), experiment["theta"]
    conditions = find_conditions(build_design(trials, {"v": formula}, ("v",)), trials)
    low, high = conditions.table["theta"]
    assert (low, high) == pytest.approx((theta.mean() - theta.std(ddof=0), theta.mean() + theta.std(ddof=0)), abs=0.06)
    assert conditions.labels == (f"theta={low:g}", f"theta={high:g}")  # round, and nothing lies between label and value
    assert conditions.seen.all() and conditions.seen.shape == (6, 2)
    assert np.array_equal(conditions.participants["theta"], np.tile([low, high], 6))


def test_only_the_number_that_needs_it_leaves_its_mean(design_of, experiment):
    trials = read_trials(experiment, groupby="subject")
    for formula in ("0 + conf + theta", "0 + conf + center(theta)"):
        assert find_conditions(design_of(formula), trials).labels == ("conf=HC", "conf=LC")
    assert find_conditions(design_of("0 + age + theta"), trials).labels == ()  # age is far from 0 for everyone
    kept = experiment[~((experiment["subject"] == "s2") & (experiment["conf"] == "LC"))]
    trials = read_trials(kept, groupby="subject")
    conditions = find_conditions(build_design(trials, {"v": "0 + center(theta):conf"}, ("v", "a")), trials)
    parts = [label.rsplit("=", 1)[0] for label in conditions.labels]
    assert parts == ["conf=HC, theta", "conf=HC, theta", "conf=LC, theta", "conf=LC, theta"]
    assert conditions.seen[1].tolist() == [True, True, False, False]


def test_where_numbers_are_in_words(design_of, trials):
    words = dict(find_conditions(design_of("theta + age"), trials).held_in_words)
    assert words["theta"] == f"its mean, {trials.frame['theta'].mean():.4g}"
    assert words["age"] == f"its mean, {trials.frame['age'].mean():.4g}; participants at their own"


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


def test_groups_of_other_factors(design_of, trials):
    conditions = find_conditions(design_of("conf + age + (1 | subject) + (1 | item) + (1 | group)"), trials)
    assert conditions.grouped_by == ("subject", "item", "group")
    of_group = conditions.of("group")
    assert of_group.seen.shape == (2, 2) and of_group.seen.all()
    assert np.array_equal(of_group.groups["group"], [0, 0, 1, 1]) and (of_group.groups["subject"] == -1).all()
    assert conditions.of("subject") is conditions


def test_cells_that_are_several_conditions(experiment):
    """Of a factor whose groups differ between conditions, the participant has one in each, and none altogether."""
    trials = read_trials(experiment, groupby="subject")
    conditions = find_conditions(build_design(trials, {"v": "conf + (1 | subject:conf)"}, ("v",)), trials)
    assert conditions.parts == ("subject:conf",)
    assert conditions.tells("subject:conf", by_condition=True)
    assert not conditions.tells("subject:conf", by_condition=False)
    assert (conditions.groups["subject:conf"] >= 0).all()
    both = conditions.merged([np.array([0, 1])])
    assert (both.groups["subject:conf"] == -1).all() and both.seen.shape == (6, 1)
    again = conditions.merged([np.array([1]), np.array([0])])
    assert again.labels == ("conf=LC", "conf=HC")


def test_without_participants(experiment):
    trials = read_trials(experiment)
    conditions = find_conditions(build_design(trials, {"v": "conf"}, ("v",)), trials)
    assert conditions.participants is None and conditions.seen.shape == (0, 2)
