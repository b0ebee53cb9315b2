"""How round a posterior is in the sampler's coordinates, and how long steps and how short a warm-up that allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hddm_sbi.inference.sampler import FloatArray, LogDensity, NutsSettings

# Standard normal points at which the gradient is looked at; at so many of them it may be off by all that it should be.
POINTS, LARGEST_SHARE = 60, 0.1
# The ninth decile of the error by a single coordinate, which should be no more than a few of its standard deviations: a
# norm over many coordinates does not see one that is narrow, as standard deviations are of which few groups tell.
DECILE, LARGEST_OF_ONE = 0.9, 3.0
# Where the posterior is round: in a hundred dimensions that acceptance makes trees of seven steps of half a standard
# deviation each, half as many as an acceptance of 0.9 does; the few scales that are left to learn take little warm-up.
ROUND_TARGET, ROUND_TUNE = 0.7, 300


def is_round(target: LogDensity) -> bool:
    """Whether the density of x is nearly standard normal, around 0.

    Of a standard normal density the gradient is -x. Its error is measured in the size of x, beyond which long steps go
    astray, and coordinate by coordinate. On the data in ``benchmarks.awkward`` draws diverge at long steps where many
    points, or many values of one coordinate, are beyond, and hardly ever elsewhere.
    """
    points = np.random.default_rng(0).standard_normal((POINTS, target.ndim))
    errors = np.stack([_error(target, x) for x in points])
    beyond = np.linalg.norm(errors, axis=1) > np.linalg.norm(points, axis=1)
    of_each = np.sort(np.abs(errors), axis=0)[int(DECILE * POINTS)]
    return bool(np.mean(beyond) <= LARGEST_SHARE and of_each.max() <= LARGEST_OF_ONE)


def _error(target: LogDensity, x: FloatArray) -> FloatArray:
    """Of the gradient, (ndim,); infinite where x is impossible."""
    log_density, gradient = target.log_density_grad(x)
    return gradient + x if np.isfinite(log_density) else np.full(target.ndim, np.inf)


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
