"""The fastest trials, which decide t0, and whether they look like lapses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.special import stdtr

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.findings.too_fast import FASTEST
from hddm_sbi.trials.plausibility.fast_trials import fast_trials
from hddm_sbi.trials.recording import BoolArray, FloatArray, Recording

# So many people tell how shortest times differ, at least by this sd of their logarithms.
_PEOPLE = 6
_LEAST = 0.1
# So many trials are needed to tell a share.
_ENOUGH = 8


def fastest(experiment: Experiment) -> Iterator[Finding]:
    """Participants' fastest trials, where they are apart from all others that follow."""
    recording = experiment.recording
    slow_enough = experiment.usable & (recording.seconds >= FASTEST)
    if not slow_enough.any():
        return
    timed = replace(recording, rt=np.where(slow_enough, recording.rt, np.nan))
    for found in fast_trials(timed, True, _unlike_others(timed)):
        lapses = _like_lapses(experiment, found.rows)
        yield Finding(
            "fastest trials",
            "warning",
            found.sentence,
            "t0 lies below every response time that the process makes: a few early trials move it, and drift and "
            "boundary with it.",
            f'With p_outlier="estimate", the default, the model may call them lapses{lapses}; with p_outlier=0 they '
            "decide t0.",
            found.rows,
        )


def _unlike_others(recording: Recording) -> FloatArray:
    """The chance of a shortest time so far below those of the other participants, by their median and spread."""
    shortest = np.full(len(recording.people), np.inf)
    np.minimum.at(shortest, recording.subject[recording.rt_seen], recording.seconds[recording.rt_seen])
    known = np.isfinite(shortest)
    chance = np.ones(len(shortest))
    if known.sum() >= _PEOPLE:
        logs = np.log(shortest[known])
        centre = np.median(logs)
        spread = max(1.4826 * float(np.median(np.abs(logs - centre))), _LEAST)
        chance[known] = stdtr(known.sum() / 2.0, (logs - centre) / spread)
    return chance


def _like_lapses(experiment: Experiment, rows: BoolArray) -> str:
    """Whether they are right no more often than guesses."""
    correct = experiment.correct
    known = rows & (correct >= 0) if correct is not None else rows & False
    if correct is None or known.sum() < _ENOUGH:
        return ""
    others = experiment.usable & (correct >= 0) & ~rows
    return (
        f" ({100.0 * correct[known].mean():.0f}% of them are correct, and {100.0 * correct[others].mean():.0f}% of the "
        "others)"
    )
