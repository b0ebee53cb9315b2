from __future__ import annotations

from dataclasses import replace

import numpy as np

from hddm_sbi.trials.plausibility.unseen import unseen
from tests.trials.plausibility.experiments import recording


def test_participants_of_whom_something_is_never_seen() -> None:
    made = recording(1, 6, 60)
    no_rt, no_choice = np.isin(made.subject, [1, 2, 4]), np.isin(made.subject, [1, 3])
    made = replace(made, rt=np.where(no_rt, np.nan, made.rt), choice=np.where(no_choice, -1, made.choice))
    silent, mute, untimed = unseen(made)
    for finding, people, sentence in (
        (silent, [1], "participant 102 in column 'participant' gave no response on any trial: kept, but their estima"),
        (mute, [3], "participant 104 in column 'participant' has no response in column 'response' on any trial: kept"),
        (untimed, [2, 4], "participants 103 and 105 in column 'participant' have no time in column 'rt' on any trial"),
    ):
        assert finding.severity == "warning"
        np.testing.assert_array_equal(finding.rows, np.isin(made.subject, people))
        assert finding.sentence.startswith(sentence)
    assert [finding.sentence for finding in unseen(replace(made, subjects=(), groupby=None))] == []


def test_one_trial_is_enough_and_choices_alone_are_not_asked_for_times() -> None:
    made = recording(1, 6, 60)
    one = np.arange(made.n) % 60 == 30
    assert not list(unseen(replace(made, rt=np.where(one, made.rt, np.nan), choice=np.where(one, 1, -1))))
    assert not list(unseen(replace(made, rt=np.full(made.n, np.nan), times=False)))
