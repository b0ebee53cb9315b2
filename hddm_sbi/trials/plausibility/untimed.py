"""Responses without a time that are all the same: omissions that software counts as errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.plausibility.missing import REMEDY
from hddm_sbi.trials.recording import BoolArray, Recording

# At most one clean experiment in a hundred thousand is suspected.
_CHANCE = 1e-5

# A response that more of the others have is the most frequent one, and no code for omissions.
_COMMON = 2.0 / 3.0


def untimed(recording: Recording) -> Iterator[Finding]:
    """Trials that have a response and no time, all with the same, which is not that of most others.

    jsPsych writes false and PsychoPy 0 for the correctness of a trial without a response, and no time. Were times lost
    at random, each such trial would have that response with the share of the others that have it.
    """
    without = recording.choice_seen & ~recording.rt_seen & recording.times & (recording.go is None)
    others = recording.choice[recording.choice_seen & recording.rt_seen]
    found = np.unique(recording.choice[without])
    if len(found) != 1 or not len(others):
        return
    same = int((others == found[0]).sum())
    share = (same + 1.0) / (len(others) + 1.0)
    if share < _COMMON and share ** int(without.sum()) < _CHANCE:
        yield Finding("untimed responses", "warning", _sentence(recording, without, same / len(others)), without)


def _sentence(recording: Recording, rows: BoolArray, share: float) -> str:
    counted = "errors" if share < 0.5 else "this response"
    return (
        f"all {int(rows.sum()):,} trials with no time in column '{recording.rt_name}'{recording.whose(rows)} have the "
        f"same response in column '{recording.response_name}', and {100.0 * share:.3g}% of the others have it "
        f"({recording.at(rows)}): they read as omissions that were counted as {counted}; if so, {REMEDY}."
    )
