"""The time of a response was seen, which it was, was not."""

from __future__ import annotations

import numpy as np

from hddm_sbi.likelihoods.events import Part, density
from hddm_sbi.likelihoods.observation.seen import BoolArray, SeenTrials

NEVER = False


def applies(trials: SeenTrials) -> BoolArray:
    """Which trials show a time alone."""
    return trials.rt_seen & ~trials.choice_seen


def parts(trials: SeenTrials, n_choices: int) -> tuple[Part, ...]:
    """Each choice at that time."""
    return tuple(density(np.full(trials.n, choice), trials.rt) for choice in range(n_choices))
