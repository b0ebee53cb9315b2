"""Participants, or all, who respond no better than by guessing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.special import bdtr, bdtrc

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding, Severity
from hddm_sbi.doctor.odds import ALARM, odds_against_the_others
from hddm_sbi.trials.recording import IntArray

# Of people like the others at most one in a hundred has the higher odds, by a bound that is far from sharp, and so one
# in twenty the lower, which are only noted; who has them is no better than guessing in any case.
_ODDS: dict[Severity, float] = {"warning": 100.0, "note": 20.0}
# All together are no better than guessing where that much is not excluded.
_GUESSING = 0.01
_FEWEST = 20

_WHY = (
    "Without evidence the drift is 0, and a boundary and a t0 are then estimated from responses that may have nothing "
    "to do with the stimuli; such participants also draw the population's drift towards 0, and its spread up."
)


def chance_level(experiment: Experiment) -> Iterator[Finding]:
    """Fewer correct responses than by guessing; participants who guess, while the others do not; or all guess."""
    if experiment.correct is None:
        return
    known = experiment.correct >= 0
    counts = np.bincount(experiment.subject[known], minlength=experiment.people)
    hits = np.bincount(experiment.subject[known & (experiment.correct > 0)], minlength=experiment.people)
    share = 1.0 / max(2, len(experiment.options))
    if counts.sum() < _FEWEST:
        return
    below = np.flatnonzero((counts > 0) & (bdtr(hits, np.maximum(counts, 1), share) < ALARM / experiment.people))
    if len(below) and "accuracy" not in experiment.known:
        yield _below(experiment, below, hits, counts)
    overall = float(bdtrc(hits.sum() - 1, counts.sum(), share))
    if overall > _GUESSING and not len(below):
        yield _finding(experiment, list(range(experiment.people)), hits, counts, share, everybody=True)
        return
    enough = np.flatnonzero(counts >= _FEWEST)
    if len(enough) > 1:
        odds = odds_against_the_others(hits[enough], counts[enough], share)
        better = bdtrc(hits[enough] - 1, counts[enough], share) < _GUESSING
        left = ~better & ~np.isin(enough, below)
        for severity, least in _ODDS.items():
            people = enough[left & (odds > least)].tolist()
            left &= odds <= least
            if people:
                yield replace(_finding(experiment, people, hits, counts, share, everybody=False), severity=severity)


def _finding(
    experiment: Experiment, people: list[int], hits: IntArray, counts: IntArray, share: float, *, everybody: bool
) -> Finding:
    right, of = int(hits[people].sum()), int(counts[people].sum())
    others = np.setdiff1d(np.flatnonzero(counts), people)
    rest = "" if everybody else f"; of the others {100.0 * hits[others].sum() / counts[others].sum():.0f}%"
    return Finding(
        "at chance",
        "warning",
        f"{right:,} of {of:,} responses{experiment.of(people)} are correct, {100.0 * right / of:.0f}%, no better than "
        f"guessing ({100.0 * share:.0f}%){rest}.",
        _WHY,
        "The model fits them like all others: see whether keys were swapped for a part of the trials or the task was "
        "not done, and decide by a rule that you report, with and without them.",
        experiment.whose(people),
    )


def _below(experiment: Experiment, people: IntArray, hits: IntArray, counts: IntArray) -> Finding:
    right, of = int(hits[people].sum()), int(counts[people].sum())
    return Finding(
        "below chance",
        "warning",
        f"only {right:,} of {of:,} responses{experiment.of(people.tolist())} are correct, {100.0 * right / of:.0f}%, "
        "fewer than by guessing.",
        "A drift towards the wrong response is what such data show: swapped keys, or errors that were coded as 1.",
        "The model fits a drift of the other sign: find out whether keys or codes were swapped, and recode these "
        "responses.",
        experiment.whose(people),
    )
