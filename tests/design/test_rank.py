import numpy as np
import pytest

from hddm_sbi.design.rank import check_rank, rank
from hddm_sbi.errors import FormulaError


def test_rank_does_not_depend_on_units():
    rng = np.random.default_rng(0)
    matrix = np.column_stack([np.ones(50), rng.normal(size=50) * 1e-6, rng.normal(size=50) * 1e6])
    assert rank(matrix) == 3
    assert rank(np.column_stack([matrix, matrix @ [1.0, 2e6, 3e-6]])) == 3
    assert rank(matrix[:2]) == 2


def test_only_the_dependent_columns_are_named(design_of, experiment, trials):
    experiment["double"] = 2 * experiment["theta"] + 1
    trials.frame["double"] = experiment["double"]
    with pytest.raises(FormulaError, match=r"for 'v' is collinear: 'Intercept', 'theta', 'double' determine each"):
        design_of("conf + theta + double")


def test_a_constant_and_a_nested_factor(design_of, trials):
    trials.frame["one"] = 1.5
    with pytest.raises(FormulaError, match=r"'Intercept', 'one'"):
        design_of("one")
    trials.frame["twin"] = trials.frame["conf"].map({"HC": "x", "LC": "y"})
    with pytest.raises(FormulaError, match=r"'conf\[LC\]', 'twin\[y\]'"):
        design_of("conf + twin + theta")


@pytest.mark.parametrize("rhs", ["conf * stim", "0 + conf:stim", "conf / stim", "stim + (0 + C(conf):stim | subject)"])
def test_an_empty_cell_is_named(design_of, rhs):
    # LL goes with both codes of conf here, the other stimuli with one each
    with pytest.raises(FormulaError) as caught:
        design_of(rhs)
    message = str(caught.value)
    assert message.startswith("no trial has ") and "determine" not in message
    assert all(cell in message for cell in ("conf", "=HC with stim=WL", "=LC with stim=WW"))
    assert "=LL" not in message and "stim for effects that add up" in message


def test_many_empty_cells_are_named_in_part(design_of, trials):
    trials.frame["pair"] = trials.frame["item"] // 2
    with pytest.raises(FormulaError, match=r"no trial has C[(]pair[)]=0 with C[(]item[)]=2, .*, and more, so that"):
        design_of("C(pair) * C(item)")


def test_a_design_of_full_rank_passes():
    check_rank("v", np.column_stack([np.ones(4), [0, 1, 0, 1], [0, 0, 1, 1]]), ["Intercept", "x", "y"])


@pytest.mark.parametrize("rhs", ["time", "time * stim", "1 + (time | subject)"])
def test_numbers_far_from_zero_are_refused(design_of, trials, rhs):
    """What is reported for 0 would hold too few digits of what is sampled at the mean."""
    trials.frame["time"] = 1.7e9 + np.random.default_rng(0).uniform(0, 3600, len(trials.frame))
    with pytest.raises(FormulaError, match=r"'time', whose values lie 1,.* deviations from 0.*; write center\(time\)"):
        design_of(rhs)
    design_of(rhs.replace("time", "center(time)"))
    design_of("scale(time) + conf")
