"""Lapses: on some trials the response is not the process's, but uniform over a window of time and the choices, or none.

With the probability p a trial is a lapse; the share q of lapses never responds, others at a time uniform over the
window, with any choice. They are a process of their own with the two primitives of every likelihood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import ANY, FloatArray, IntArray
from hddm_sbi.likelihoods.events import DENSITY, Part
from hddm_sbi.likelihoods.observation.seen import UNSEEN, SeenTrials
from hddm_sbi.likelihoods.observation.withheld import GO

# names of theta's columns for p and q
LAPSE_PARAMETERS = P_OUTLIER, LAPSE_OMISSION = "p_outlier", "lapse_omission"


@dataclass(frozen=True)
class Lapses:
    """The window of lapses in seconds, and whether some of them never respond.

    Args:
        low: where the window begins, in seconds.
        high: where it ends, in seconds; None: at the trial's deadline, else where truncation ends, else ``otherwise``.
        otherwise: the longest response time of the data, in seconds.
        omissions: whether a share of lapses, a column of theta of its own, never responds.
        stretch: how many times as long the window is: its end moves away from where it begins.

    Raises:
        ModelError: the window is not an interval of non-negative finite times.
    """

    low: float
    high: float | None
    otherwise: float
    omissions: bool = False
    stretch: float = 1.0

    def __post_init__(self) -> None:
        end = self.otherwise if self.high is None else self.high
        if not 0.0 <= self.low < end < math.inf:
            raise ModelError(
                f"the lapse window ({self.low:g}, {end:g}) is not an interval of times: give two finite numbers of "
                "seconds with 0 <= low < high."
            )

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of theta's further columns."""
        return (P_OUTLIER, LAPSE_OMISSION) if self.omissions else (P_OUTLIER,)

    def ends(self, trials: SeenTrials) -> FloatArray:
        """Where the window of each trial ends, in seconds, shape (trials,).

        Raises:
            ModelError: before it begins.
        """
        ends = self._ends(trials)
        return ends + (self.stretch - 1.0) * (ends - self.low)  # to the last digit what they are without stretching

    def _ends(self, trials: SeenTrials) -> FloatArray:
        """The same before it is stretched."""
        if self.high is not None:
            return np.full(trials.n, self.high)
        truncated = np.where(np.isfinite(trials.high), trials.high, self.otherwise)
        ends = np.where(np.isfinite(trials.deadline), trials.deadline, truncated)
        if (ends <= self.low).any():
            raise ModelError(
                f"the lapse window begins at {self.low:g} s, but ends at {ends.min():g} s, with the deadline or the "
                "truncation of some trials; let it begin before, lapse=(low, None)."
            )
        return ends

    def log_probability(self, parts: tuple[Part, ...], trials: SeenTrials, n_choices: int) -> FloatArray:
        """Log density or probability of events for a lapse that responds, shape (trials,)."""
        ends = self.ends(trials)
        with np.errstate(divide="ignore"):
            return np.log(sum(self._share(part, ends, trials.go, n_choices) for part in parts))

    def _share(self, part: Part, ends: FloatArray, go: bool, n_choices: int) -> FloatArray:
        width = ends - self.low
        if part.kind == DENSITY:
            share = ((part.t1 >= self.low) & (part.t1 <= ends)) / width
        else:
            share = np.clip(np.minimum(part.t2, ends) - np.maximum(part.t1, self.low), 0.0, None) / width
        if go:  # lapses that respond are go responses
            return share * ((part.choice == GO) | (part.choice == ANY))
        return np.where(part.choice == ANY, share, share / n_choices)

    def replace(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, trials: SeenTrials, n_choices: int,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """Replace some simulated trials by lapses, in place; the last columns of theta (trials, k) are p and q."""
        p = theta[:, -2] if self.omissions else theta[:, -1]
        lapse = np.flatnonzero(rng.random(trials.n) < p)
        ends = self.ends(trials)[lapse]
        rt[lapse] = rng.uniform(self.low, ends, len(lapse))
        choice[lapse] = np.full(len(lapse), GO) if trials.go else rng.integers(0, n_choices, len(lapse))
        if self.omissions:
            silent = lapse[rng.random(len(lapse)) < theta[lapse, -1]]
            rt[silent], choice[silent] = np.nan, UNSEEN
