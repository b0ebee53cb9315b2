"""Rules of thumb for parameters, from decision times and choices: where the search for a first point begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hddm_sbi.ssm.base import SSM, FloatArray, Guess, Summary

# Choice proportions are taken no closer to 0 and 1 than logit +-3 (.05, .95): a perfect score says little of the drift.
LARGEST_LOGIT = 3.0


def rules_of(ssm: SSM) -> Guess:
    """Return a model's own rules, or those of a diffusion where it declares its drift and its boundary separation."""
    if ssm.guess is not None:
        return ssm.guess
    if ssm.diffusion is not None and ssm.symmetries.scale is not None:
        return diffusion_rules(ssm.diffusion.drift, ssm.symmetries.scale)
    return lambda summary: {}


def diffusion_rules(drift: str = "v", separation: str = "a") -> Guess:
    """Make the rules for drift v and boundary separation a, as in an unbiased diffusion with constant boundaries.

    P(upper) = 1 / (1 + exp(-v a)) and the mean decision time is a / (2 v) tanh(v a / 2) (Wagenmakers, van der Maas &
    Grasman 2007); with L = logit P(upper) this gives a^2 = 2 L T / tanh(L / 2) and v = L / a.
    """

    def guess(summary: Summary) -> dict[str, FloatArray]:
        upper = summary.shares[:, 1]
        logit = np.clip(np.log(upper / (1.0 - upper)), -LARGEST_LOGIT, LARGEST_LOGIT)
        logit = np.where(np.abs(logit) < 1e-3, 1e-3, logit)  # both formulas are smooth at 0, but written as 0 / 0
        a = np.sqrt(2.0 * logit * summary.time / np.tanh(0.5 * logit))
        return {drift: logit / a, separation: a}

    return guess


def race_rules(drifts: Sequence[str], distance: float) -> Guess:
    """Make the rules for accumulators that have about ``distance`` to go: the usual winner takes the median time.

    The others are slower the more seldom they win. A drift half as large wins about one time in ten, which the third
    root of the shares describes: 0.1^(1/3) = 0.46.
    """

    def guess(summary: Summary) -> dict[str, FloatArray]:
        relative = np.cbrt(summary.shares / summary.shares.max(axis=1, keepdims=True))
        fastest = distance / summary.time
        return {name: fastest * relative[:, k] for k, name in enumerate(drifts)}

    return guess
