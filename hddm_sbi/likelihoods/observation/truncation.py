"""Truncated data: trials with a response time beyond two ends were taken out, so that each kept one is conditional."""

from __future__ import annotations

import numpy as np

from hddm_sbi.likelihoods.base import ANY, FloatArray
from hddm_sbi.likelihoods.events import Part, mass
from hddm_sbi.likelihoods.observation import omission, withheld
from hddm_sbi.likelihoods.observation.seen import BoolArray, SeenTrials


def parts(trials: SeenTrials, n_choices: int) -> tuple[Part, ...]:
    """What is kept: a response between the ends, and none at all where such trials stay in the data."""
    inside = mass(withheld.GO if trials.go else ANY, trials.low, trials.latest)
    if not trials.keeps_omissions:
        return (inside,)
    return (inside, *(withheld if trials.go else omission).parts(trials, n_choices))


def kept(rt: FloatArray, trials: SeenTrials) -> BoolArray:
    """Whether each trial, seen as it is, stays in the data, shape (trials,)."""
    if not trials.truncated:
        return np.ones(trials.n, dtype=np.bool_)
    responded = ~np.isnan(rt)
    return np.where(responded, (rt >= trials.low) & (rt <= trials.high), trials.keeps_omissions)
