"""A choice was seen, its time was not."""

from __future__ import annotations

import numpy as np

from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.events import Part, mass
from hddm_sbi.likelihoods.observation.seen import BoolArray, SeenTrials

NEVER = False


def applies(trials: SeenTrials) -> BoolArray:
    """Which trials show a choice alone."""
    return ~trials.rt_seen & trials.choice_seen


def parts(trials: SeenTrials, n_choices: int) -> tuple[Part, ...]:
    """The choice at any time at which a response would have been in the data."""
    return (mass(trials.choice, trials.low, trials.latest),)


def hide(rt: FloatArray, choice: IntArray, trials: SeenTrials) -> None:
    """Where no times are recorded, none are seen."""
    if not trials.times:
        rt[:] = np.nan
