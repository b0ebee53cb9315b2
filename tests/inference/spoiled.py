"""A density that is wrong in a known way, and experiments to see it with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hddm_sbi.inference.log_ratios import Experiment
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.seen import SeenTrials
from hddm_sbi.ssm import get_model

THETA = np.array([[0.5, 1.5, 0.5, 0.3], [1.2, 1.1, 0.4, 0.2]])


class DriftTwice:
    """The exact density at twice the drift: a network that sees v = 0.25 where it is 0.5."""

    parameters = ("v", "a", "z", "t0")
    n_choices = 2

    def __init__(self) -> None:
        self._exact = ExactDDM()

    def log_prob(self, rt, choice, theta, row):
        return self._exact.log_prob(rt, choice, theta * [2.0, 1.0, 1.0, 1.0], row)

    def log_prob_grad(self, rt, choice, theta, row):
        log_prob, gradient = self._exact.log_prob_grad(rt, choice, theta * [2.0, 1.0, 1.0, 1.0], row)
        return log_prob, gradient * [2.0, 1.0, 1.0, 1.0]


def experiment(trials: int, window: tuple[float, float] | None = None) -> Experiment:
    """Two participants with a design row each; the rows alternate."""
    row = np.arange(trials, dtype=np.int64) % 2
    seen = replace(SeenTrials.whole(np.linspace(0.5, 1.5, trials), row[::-1].copy(), row, 2), subject=row)
    return Experiment(seen, get_model("ddm"), Lapses(*window, window[1]) if window else None)
