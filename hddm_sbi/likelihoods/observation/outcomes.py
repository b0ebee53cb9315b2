"""The table of what may be seen of a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.events import Events, Part
from hddm_sbi.likelihoods.observation import choice_alone, omission, response, time_alone, truncation, withheld
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.seen import BoolArray, SeenTrials


@dataclass(frozen=True)
class Outcome:
    """One kind of event.

    Args:
        applies: which trials were seen in this way.
        parts: makes the parts of the events of such trials, from the trials and the number of choices.
        never: whether the event includes that there never is a response.
        hide: hides of simulated responses, in place, what such trials do not show; None where nothing is hidden.
    """

    applies: Callable[[SeenTrials], BoolArray]
    parts: Callable[[SeenTrials, int], tuple[Part, ...]]
    never: bool
    hide: Callable[[FloatArray, IntArray, SeenTrials], None] | None


# Every trial is seen in the first of these ways that applies to it; a further kind is a file and a place here.
# Simulated responses are hidden in the same order.
OUTCOMES = tuple(
    Outcome(kind.applies, kind.parts, kind.NEVER, getattr(kind, "hide", None))
    for kind in (response, omission, withheld, choice_alone, time_alone)
)


def events_of(trials: SeenTrials, n_choices: int, lapses: Lapses | None) -> tuple[Events, ...]:
    """The events of all trials, those by which truncation divides last."""
    found, left = [], np.ones(trials.n, dtype=np.bool_)
    for outcome in OUTCOMES:
        applies = left & outcome.applies(trials)
        index, left = np.flatnonzero(applies), left & ~applies
        if len(index):
            some = trials.at(index)
            found.append(_events(index, some, outcome.parts(some, n_choices), outcome.never, 1, n_choices, lapses))
    if trials.truncated and trials.n:
        parts, never = truncation.parts(trials, n_choices), trials.keeps_omissions
        found.append(_events(np.arange(trials.n), trials, parts, never, -1, n_choices, lapses))
    return tuple(found)


def _events(
    index: IntArray, trials: SeenTrials, parts: tuple[Part, ...], never: bool, sign: int, n_choices: int,
    lapses: Lapses | None,
) -> Events:  # fmt: skip
    log_lapse = np.full(trials.n, -np.inf) if lapses is None else lapses.log_probability(parts, trials, n_choices)
    return Events(index, trials.row, parts, never, sign, log_lapse)


def seen(rt: FloatArray, choice: IntArray, trials: SeenTrials) -> BoolArray:
    """Hide what the experiment does not show of simulated trials, in place; whether each stays in the data."""
    for outcome in OUTCOMES:
        if outcome.hide is not None:
            outcome.hide(rt, choice, trials)
    return truncation.kept(rt, trials)
