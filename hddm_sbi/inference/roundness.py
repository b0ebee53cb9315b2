"""How round a posterior is in the sampler's coordinates, and how long steps and how short a warm-up that allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hddm_sbi.inference.sampler import FloatArray, LogDensity, NutsSettings

# Standard normal points at which the gradient is looked at; at so many of them it may be off by all that it should be.
POINTS, LARGEST_SHARE = 60, 0.1
# Where the posterior is round: in a hundred dimensions that acceptance makes trees of seven steps of half a standard
# deviation each, half as many as an acceptance of 0.9 does; the few scales that are left to learn take little warm-up.
ROUND_TARGET, ROUND_TUNE = 0.7, 300


def is_round(target: LogDensity) -> bool:
    """Whether the density of x is nearly standard normal, around 0.

    Of a standard normal density the gradient is -x. Its error is measured in the size of x: beyond 1, long steps go
    astray. On the data in ``benchmarks.awkward`` draws diverge at long steps where many points are beyond, and hardly
    ever elsewhere.
    """
    points = np.random.default_rng(0).standard_normal((POINTS, target.ndim))
    return bool(np.mean([_error(target, x) > 1.0 for x in points]) <= LARGEST_SHARE)


def _error(target: LogDensity, x: FloatArray) -> float:
    """Of the gradient, in the size of x; infinite where x is impossible."""
    log_density, gradient = target.log_density_grad(x)
    return float(np.linalg.norm(gradient + x) / np.linalg.norm(x)) if np.isfinite(log_density) else np.inf


def suited(settings: NutsSettings, target: LogDensity, tune: bool, steps: bool) -> NutsSettings:
    """The settings with what suits the density.

    Args:
        settings: those for any density.
        target: the density, in coordinates in which it is nearly round.
        tune, steps: whether the length of the warm-up, and the target of the acceptance rate, may be changed.
    """
    if not (tune or steps) or not target.ndim or not is_round(target):
        return settings
    return replace(
        settings,
        tune=ROUND_TUNE if tune else settings.tune,
        target_accept=ROUND_TARGET if steps else settings.target_accept,
    )
