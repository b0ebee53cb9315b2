"""From log ratios of the network's density to the exact one, to shifts of posterior means.

To first order the mean of a quantity g moves by its posterior covariance with the log ratio d (Gustafson 1996, Annals
of Statistics 24, 174-195; Giordano, Broderick & Jordan 2018, JMLR 19(51), 1-49), in units of the posterior sd of g:

    shift = Cov(g, d) / sd(g).

The covariance over the draws needs no inverse of anything, holds for every quantity alike, population or participant,
and its error grows slowly with d: it is about sd(d) / sqrt(draws). Where d is known at the draws, importance weights
exp(-d) take its higher orders into account as well.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.log_ratios import Batch
from hddm_sbi.results.pareto import largest_k, pareto_smooth

FloatArray = npt.NDArray[np.float64]

# Weights of all participants together are used where they leave this share of the draws effective; participants' own
# weights, a little less exact, are far less noisy beyond.
EFFECTIVE = 0.5
# Batches by whose spread an error may be judged; and where time is short.
_FEWEST_BATCHES, _FEWEST_IN_A_HURRY = 16, 5
# Draws that tell a posterior's sds, in which shifts are given, to a sixth: 1 / sqrt(2 (n - 1)).
FEWEST_DRAWS = 20
# In posterior sds. A shift of 0.1 is the Monte Carlo error of a mean from 100 effective draws, and leaves 95% intervals
# with a coverage of 94.9%; one of 0.25 leaves 94.3%, and beyond that conclusions begin to suffer: what may be off by
# 2.5 times the tolerance is not fine either.
TOLERANCE, LARGEST = 0.1, 2.5
# Standard errors: of many quantities, looked at again and again, one is three off by chance in some fits, but hardly
# more; what a shift may be, and may not be, is judged by two.
SURELY, POSSIBLY = 3.0, 2.0

WHOLE, BY_UNIT, SCORE = "reweighting", "reweighting by participant", "score test"


@dataclass(frozen=True)
class Shifts:
    """By how much posterior means are off, in posterior sds; positive where the network's mean is too large.

    Args:
        shift: shift of each quantity's mean in posterior sds, shape (quantities,).
        mc_error: Monte Carlo standard error of each shift, shape (quantities,).
        method: how the shifts were found.
        size: draws that were reweighted, or experiments that were simulated.
        pareto_k: Pareto shape of the weights, the largest of several; None without weights.
    """

    shift: FloatArray
    mc_error: FloatArray
    method: str
    size: int
    pareto_k: float | None = None


def by_reweighting(draws: FloatArray, ess: FloatArray, log_ratios: FloatArray) -> Shifts:
    """Shifts from the log ratio at each draw.

    Args:
        draws: draws of the quantities, shape (draws, quantities).
        ess: effective sample size of each quantity, shape (quantities,); at most the number of draws counts.
        log_ratios: log ratios of network to exact density by participant, shape (draws, units).

    Returns:
        The shifts; their errors are infinite where the weights cannot be trusted, the posteriors being too far apart.
    """
    return by_weights(draws, ess, added_weights(log_ratios))


def by_weights(draws: FloatArray, ess: FloatArray, added: Added) -> Shifts:
    """The same from the weights."""
    n = len(draws)
    z = standardised(draws)
    error = np.sqrt((added.weights**2) @ (z**2) * n / np.clip(ess, 1.0, n))
    if added.pareto_k > largest_k(n):
        error = np.full_like(error, np.inf)
    return Shifts(np.nan_to_num(-added.weights @ z), error, added.method, n, added.pareto_k)


class Added(NamedTuple):
    """What has to be added to the draws' equal weights.

    Args:
        weights: shape (draws,); they sum to zero.
        method: how they were found.
        pareto_k: Pareto shape of the weights, the largest of several.
    """

    weights: FloatArray
    method: str
    pareto_k: float


def added_weights(log_ratios: FloatArray, effective: float = EFFECTIVE) -> Added:
    """What has to be added to the draws' equal weights so that they are draws of the other posterior.

    The ratio factorises by participant. Exchanging the likelihood of one participant alone moves a mean by what the
    weights of that participant say; the sum of these is right to first order, with each participant's own higher
    orders.

    Args:
        log_ratios: log ratios of the density that was sampled to the other one by participant, or by any other factor,
            shape (draws, units).
        effective: share of the draws that weights of all units together must leave effective: beyond, the sum by units
            is less noisy, and less exact where shifts are large.
    """
    n = len(log_ratios)
    weights, k = pareto_smooth(-log_ratios.sum(axis=1))
    if k <= largest_k(n) and 1.0 / np.sum(weights**2) >= effective * n:
        return Added(weights - 1.0 / n, WHOLE, k)
    by_unit = [pareto_smooth(-ratio) for ratio in log_ratios.T]
    total = np.sum([weights - 1.0 / n for weights, _ in by_unit], axis=0)
    return Added(total, WHOLE if len(by_unit) == 1 else BY_UNIT, max(k for _, k in by_unit))


def by_score(draws: FloatArray, ess: FloatArray, batches: Iterable[Batch], tolerance: float, seconds: float) -> Shifts:
    """Shifts from expected log ratios: batches are taken until it is clear whether the shifts are small.

    Args:
        draws: draws of the quantities, shape (draws, quantities).
        ess: effective sample size of each quantity, shape (quantities,).
        batches: log ratios on the same draws.
        tolerance: a shift that matters, in posterior sds.
        seconds: the time after which it ends, whether the shifts are clear or not.
    """
    n = len(draws)
    z = standardised(draws)
    until, size, total = np.inf, 0, np.zeros(n)
    by_batch: list[FloatArray] = []
    for batch in batches:
        until = min(until, time.monotonic() + seconds)  # from the first batch on, which may have compiled
        log_ratio = batch.log_ratio - batch.log_ratio.mean()
        by_batch.append(log_ratio @ z / n)
        size, total = size + batch.size, total + log_ratio
        late = time.monotonic() > until
        if len(by_batch) < (_FEWEST_IN_A_HURRY if late else _FEWEST_BATCHES):
            continue
        shifts = np.array(by_batch)
        # the simulations' error, and that of a covariance over so many draws
        variance = shifts.var(axis=0, ddof=1) / len(shifts)
        variance += ((total / len(shifts)) ** 2) @ (z**2) / n / np.clip(ess, 1.0, n)
        shift, error = shifts.mean(axis=0), np.sqrt(variance)
        if late or _is_clear(shift, error, tolerance):
            break
    return Shifts(shift, error, SCORE, size)


def _is_clear(shift: FloatArray, error: FloatArray, tolerance: float) -> bool:
    """Whether more simulations would change no verdict, and the shifts are known well enough to be told."""
    moved = np.abs(shift)
    off = is_off(moved, error, tolerance)
    if off.any():
        at = int(np.argmax(moved - SURELY * error))
        return bool(error[at] <= max(tolerance / 2.0, moved[at] / 10.0))
    known = np.median(error) <= tolerance / 3.0 and error.max() <= tolerance / 2.0
    return bool(known and is_fine(moved, error, tolerance).all())


def is_off(moved: FloatArray, error: FloatArray, tolerance: float) -> npt.NDArray[np.bool_]:
    """Whether a shift of this size, with this error, is surely more than tolerated."""
    return np.asarray(moved - SURELY * error > tolerance)


def is_fine(moved: FloatArray, error: FloatArray, tolerance: float) -> npt.NDArray[np.bool_]:
    """Whether it may be no more than tolerated, and surely not much more; never where the error is infinite.

    Two standard errors below it is within the tolerance, and two above it within 2.5 times the tolerance.
    """
    allowed = POSSIBLY * error
    return np.asarray((moved - allowed <= tolerance) & (moved + allowed <= LARGEST * tolerance))


def standardised(draws: FloatArray) -> FloatArray:
    """Each quantity with mean 0 and sd 1; one that does not move is 0."""
    moves = np.ptp(draws, axis=0) > 0.0  # the sd of equal numbers is not always 0, by rounding
    return np.where(moves, draws - draws.mean(axis=0), 0.0) / np.where(moves, draws.std(axis=0), 1.0)
