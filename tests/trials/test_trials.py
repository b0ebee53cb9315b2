from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.trials import Trials
from hddm_sbi.trials.recording import Limit

RT = np.array([0.5, np.nan, np.nan, 0.8])
CHOICE = np.array([1, 1, -1, -1])


def _trials(rt: np.ndarray = RT, choice: np.ndarray = CHOICE, **options: object) -> Trials:
    n = len(rt)
    return Trials(rt, choice, (0, 1), pd.DataFrame(index=range(n)), None, np.zeros(n, int), (), "", **options)  # type: ignore[arg-type]


def test_what_was_seen() -> None:
    trials = _trials()
    np.testing.assert_array_equal(trials.rt_seen, [True, False, False, True])
    np.testing.assert_array_equal(trials.choice_seen, [True, True, False, False])
    np.testing.assert_array_equal(trials.omitted, [False, False, True, False])
    np.testing.assert_array_equal(trials.withheld, [False] * 4)
    assert trials.omits
    assert trials.timed


def test_go_tells_withheld_from_omitted() -> None:
    trials = _trials(rt=np.array([0.5, np.nan, np.nan]), choice=np.array([1, 1, -1]), go=True)
    np.testing.assert_array_equal(trials.withheld, [False, False, True])
    np.testing.assert_array_equal(trials.omitted, [False] * 3)


def test_limits_of_one_trial_and_of_all() -> None:
    trials = _trials(deadline=np.array([1.0, 2.0, 3.0, np.inf]), high=np.array(5.0))
    np.testing.assert_array_equal(trials.deadline, [1.0, 2.0, 3.0, np.inf])
    np.testing.assert_array_equal(trials.low, np.zeros(4))
    np.testing.assert_array_equal(trials.high, np.full(4, 5.0))
    with pytest.raises(ValueError, match="broadcast"):
        _trials(deadline=np.ones(3))


def test_what_a_likelihood_is_bound_to() -> None:
    trials = _trials(
        rt=np.array([0.5, 1.02, np.nan, np.nan]),
        choice=np.array([1, 0, -1, 0]),
        deadline=np.array(1.0),
        high=np.array(3.0),
    )
    seen = trials.seen(np.array([2, 0, 1, 1]), 3)
    np.testing.assert_array_equal(seen.row, [2, 0, 1, 1])
    np.testing.assert_array_equal(seen.order, np.arange(4))
    # a response that was recorded a polling step late had until then
    np.testing.assert_array_equal(seen.deadline, [1.0, 1.02, 1.0, 1.0])
    assert seen.keeps_omissions and not seen.truncated and not seen.go and seen.times
    new = trials.unseen(2, Limit(np.array([0.7, 0.9]), "the deadline", None), None, None)
    np.testing.assert_array_equal(new.deadline, [0.7, 0.9])
    assert not (new.rt_seen.any() or new.choice_seen.any()) and new.n_rows == 2
