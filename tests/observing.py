"""Densities bound to trials of which everything was seen, with lapses or without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.likelihoods.observation.seen import SeenTrials


def lapsing(density, window):
    """A density with lapses in a window of time."""
    return ObservationModel(density, Lapses(float(window[0]), float(window[1]), float(window[1])))


def model_of(likelihood, simulator=None):
    """The observation model of a density; one that is such a model already stays it."""
    if isinstance(likelihood, ObservationModel):
        return likelihood
    return ObservationModel(
        likelihood, None, None if simulator is None else lambda theta, seed, _: simulator(theta, seed)
    )


def untimed(trials, **limits):
    """The same trials without their times."""
    return replace(trials, rt=np.full(trials.n, np.nan), times=False, **limits)


def bound(likelihood, spec, rt, choice, simulator=None):
    """A likelihood bound to the trials of a spec."""
    return model_of(likelihood, simulator).bind(SeenTrials.whole(rt, choice, spec.row, spec.n_rows))


def on_rows(likelihood, rt, choice, theta, row):
    """A likelihood bound to trials with the rows of theta."""
    return model_of(likelihood).bind(SeenTrials.whole(rt, choice, row, len(theta)))
