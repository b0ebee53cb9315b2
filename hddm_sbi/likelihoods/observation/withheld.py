"""Go/no-go: the only response that is ever made was withheld."""

from __future__ import annotations

import numpy as np

from hddm_sbi.likelihoods.base import ANY, FloatArray, IntArray
from hddm_sbi.likelihoods.events import Part, mass
from hddm_sbi.likelihoods.observation.seen import UNSEEN, BoolArray, SeenTrials

# the choices of a go/no-go experiment: the response that would have been the other, which is never made, and go
NO_GO, GO = 0, 1

NEVER = True


def applies(trials: SeenTrials) -> BoolArray:
    """Which trials show no go response."""
    return ~trials.rt_seen & ~trials.choice_seen & np.full(trials.n, trials.go)


def parts(trials: SeenTrials, n_choices: int) -> tuple[Part, ...]:
    """The process chose the other, or nothing by the deadline."""
    other = mass(NO_GO, 0.0, trials.deadline)
    return (other, mass(ANY, trials.deadline, np.inf)) if np.isfinite(trials.deadline).any() else (other,)


def hide(rt: FloatArray, choice: IntArray, trials: SeenTrials) -> None:
    """The other response is not made."""
    if trials.go:
        withheld = choice == NO_GO
        rt[withheld], choice[withheld] = np.nan, UNSEEN
