"""Fewer correct responses than errors: a column in which 1 is an error."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import bdtr

from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import BoolArray, IntArray, Recording

# At most one experiment in ten thousand of people who guess is suspected: half for all together, half for single ones.
_CHANCE = 1e-4


def accuracy(recording: Recording) -> Iterator[Finding]:
    """Under ``coding="accuracy"``: all together, or else some participants, right less often than by guessing."""
    if recording.coding != "accuracy":
        return
    seen = recording.choice >= 0
    correct, counts = recording.counts(recording.choice > 0), recording.counts(seen)
    below = []
    if recording.subjects:
        below = np.flatnonzero(_below(correct, counts, _CHANCE / 2.0 / len(recording.subjects))).tolist()
    if _below(correct.sum(), counts.sum(), _CHANCE / 2.0):
        yield Finding("accuracy", "warning", _overall(recording, seen, below), seen)
    elif below:
        rows = seen & np.isin(recording.subject, below)
        yield Finding("accuracy", "warning", _some(recording, rows, below), rows)


def _below(correct: IntArray, counts: IntArray, chance: float) -> BoolArray:
    """Whether so few of so many responses are correct by guessing with less than the chance; never where none is."""
    return (counts > 0) & (bdtr(correct, counts, 0.5) < chance)


def _overall(recording: Recording, seen: BoolArray, below: list[int]) -> str:
    correct = f"{100.0 * (recording.choice[seen] > 0).mean():.0f}%"
    whose = f", and clearly fewer than half by themselves of {recording.who(below)}" if below else ""
    if below and len(below) == len(recording.subjects):
        whose = ", and fewer than half of every participant"
    return (
        f"only {correct} of the {int(seen.sum()):,} responses in column '{recording.response_name}' are read as "
        f'correct under coding="accuracy"{whose}: if 1 is an error there, recode it (1 - value), or the drift comes '
        "out with the wrong sign."
    )


def _some(recording: Recording, rows: BoolArray, below: list[int]) -> str:
    correct = f"{100.0 * (recording.choice[rows] > 0).mean():.0f}%"
    return (
        f"only {correct} of the responses of {recording.who(below)} in column '{recording.response_name}' "
        f'({recording.at(rows)}) are read as correct under coding="accuracy", fewer than by guessing: find out whether '
        "keys were swapped or errors coded as 1 for them, and recode their responses."
    )
