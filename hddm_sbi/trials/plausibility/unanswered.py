"""Times without a response that read as the moment at which a trial was given up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import bdtrc

from hddm_sbi.trials.plausibility.chance import comparable
from hddm_sbi.trials.plausibility.codes import coded
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.plausibility.missing import REMEDY
from hddm_sbi.trials.recording import BoolArray, Recording

# At most one clean experiment in a hundred thousand is suspected.
_CHANCE = 1e-5

# Of the trials with a response at most so many are as slow.
_SLOWEST = 0.02


def unanswered(recording: Recording) -> Iterator[Finding]:
    """Trials that have a time and no response, half of them slower than nearly all others.

    Were their responses lost at random, each would be so slow with the share of the others that are.
    """
    usable = recording.rt_seen & ~coded(recording)
    without = usable & ~recording.choice_seen & (recording.go is None)
    others = comparable(recording.seconds[usable & recording.choice_seen])
    if not without.any() or not len(others):
        return
    times = comparable(recording.seconds)
    median = float(np.median(times[without]))
    slower = int((others >= median).sum())
    share = (slower + 1.0) / (len(others) + 1.0)
    count = int(without.sum())
    at_least = (count + 1) // 2
    if slower <= _SLOWEST * len(others) and bdtrc(at_least - 1, count, share) < _CHANCE:
        rows = without & (times >= np.quantile(others, 1.0 - _SLOWEST))
        yield Finding("unanswered trials", "warning", _sentence(recording, rows, without), rows)


def _sentence(recording: Recording, rows: BoolArray, without: BoolArray) -> str:
    return (
        f"{int(rows.sum()):,} of the {int(without.sum()):,} trials with a time in column '{recording.rt_name}' and no "
        f"response in column '{recording.response_name}'{recording.whose(rows)} are slower than nearly all others "
        f"({recording.at(rows)}): their times read as the moment at which the trial was given up, and not as that of a "
        f"response that was lost; if so, {REMEDY}."
    )
