"""A response, seen with its choice and its time."""

from __future__ import annotations

from hddm_sbi.likelihoods.events import Part, density
from hddm_sbi.likelihoods.observation.seen import BoolArray, SeenTrials

NEVER = False


def applies(trials: SeenTrials) -> BoolArray:
    """Which trials show both."""
    return trials.rt_seen & trials.choice_seen


def parts(trials: SeenTrials, n_choices: int) -> tuple[Part, ...]:
    """The density of the choice at its time."""
    return (density(trials.choice, trials.rt),)
