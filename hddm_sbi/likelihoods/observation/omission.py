"""An omission: no response came by the deadline."""

from __future__ import annotations

import numpy as np

from hddm_sbi.likelihoods.base import ANY, FloatArray, IntArray
from hddm_sbi.likelihoods.events import Part, mass
from hddm_sbi.likelihoods.observation.seen import UNSEEN, BoolArray, SeenTrials

NEVER = True


def applies(trials: SeenTrials) -> BoolArray:
    """Which trials show neither a choice nor a time."""
    return ~trials.rt_seen & ~trials.choice_seen & np.full(trials.n, not trials.go)


def parts(trials: SeenTrials, n_choices: int) -> tuple[Part, ...]:
    """Any choice after the deadline."""
    return (mass(ANY, trials.deadline, np.inf),)


def hide(rt: FloatArray, choice: IntArray, trials: SeenTrials) -> None:
    """Responses that come too late, or never, are not seen."""
    late = (rt > trials.deadline) | np.isinf(rt)
    rt[late], choice[late] = np.nan, UNSEEN
