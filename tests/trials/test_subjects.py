from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError, HDDMWarning
from hddm_sbi.trials import Trials, read_trials


def _read(subjects: object) -> Trials:
    subjects = pd.Series(subjects)
    table = pd.DataFrame({"subject": subjects, "rt": 0.5, "response": np.arange(len(subjects)) % 2})
    return read_trials(table, groupby="subject")


@pytest.mark.parametrize(
    ("labels", "subjects"),
    [
        ([10, 2, 10, 2], (2, 10)),
        (["s2", "s10", "s2", "s10"], ("s10", "s2")),
        ([2.0, 1.0, 2.0, 1.0], (1, 2)),
        (["b", 2, "b", 2], (2, "b")),
        (pd.Categorical(["b", "a", "b", "a"], categories=["b", "a", "c"]), ("a", "b")),
        (pd.array([2, 1, 2, 1], dtype="Int64"), (1, 2)),
    ],
)
def test_labels_are_the_datas_own_and_sorted(labels: object, subjects: tuple[object, ...]) -> None:
    trials = _read(labels)
    assert trials.subjects == subjects
    assert [type(label) for label in trials.subjects] == [type(label) for label in subjects]
    assert [trials.subjects[i] for i in trials.subject] == list(labels)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 1, np.nan, 2], "column 'subject' has 1 of 4 participant labels missing, the first in row 4"),
        (["a", None, "a", None], "column 'subject' has 2 of 4 participant labels missing"),
        ([0.5, 0.5, 1.0, 1.0], "column 'subject' holds measurements such as 0.5, not participant labels"),
        ([1, 2, 3, 4], "every trial has a value of its own in column 'subject'"),
    ],
)
def test_columns_that_name_no_participants(labels: list[object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        _read(labels)
    assert message in str(caught.value)


def test_a_participant_with_a_single_trial_is_kept_with_a_warning() -> None:
    with pytest.warns(HDDMWarning, match="participant 'b' in column 'subject' has a single trial: kept") as caught:
        trials = _read(["a", "a", "b"])
    assert trials.subjects == ("a", "b")
    assert trials.n == 3
    # The warning points at the caller, not into the package.
    assert caught[0].filename == __file__


def test_several_participants_with_a_single_trial_are_named() -> None:
    with pytest.warns(HDDMWarning, match="participants 2, 3 in column 'subject' have a single trial"):
        _read([1, 1, 2, 3])


def test_two_trials_are_enough_for_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _read([1, 1, 2, 2])
