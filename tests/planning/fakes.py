"""An experiment whose power is known: the mean of normal numbers with a known spread, and noise of each trial."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

EFFECT, SPREAD, NOISE = 0.4, 0.8, 4.0
THRESHOLD = 0.95


def error(participants: float, trials: float) -> float:
    """Standard error of the mean of participants."""
    return float(np.sqrt((SPREAD**2 + NOISE**2 / trials) / participants))


def power(participants: float, trials: float) -> float:
    """Of the one-sided test, whose p-value is the flat-prior probability of the other direction."""
    return float(ndtr(EFFECT / error(participants, trials) - ndtri(THRESHOLD)))


def known_one(task: Any, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """Stands in for ``plan_one``."""
    participants, trials = task.sizes[number]
    se = error(participants, trials)
    mean = np.random.default_rng(seeds).normal(EFFECT, se)
    row = {
        "participants": participants, "trials": trials, "truth": EFFECT, "mean": mean, "sd": se,
        "low": mean - 1.96 * se, "high": mean + 1.96 * se, "measure": ndtr(mean / se),
        "reached": bool(ndtr(mean / se) > THRESHOLD), "seconds": 0.0, "draws": 1, "divergences": 0,
        "worst_r_hat": 1.0, "least_ess": 400.0,
    }  # fmt: skip
    return pd.DataFrame([row])
