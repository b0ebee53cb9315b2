"""Bounds on random figures, each with a stated chance of failing.

Draws of NUTS hang on the last bit of every number on the way, and in part a network does that is trained for long: on
another processor they are those of another seed. Whatever is computed from them is a random figure, and a bound on it
fails by chance on some machine. That chance is ``BUDGET`` for all tests together. No test spends more than ``CHANCE``,
however many figures it compares, and there are fewer than ``SPENDERS`` that spend anything: a test that is run once for
each of several parameters counts as often. Where a bound stands in the test itself, a comment beside it says what was
measured with other seeds; it is then six and a half standard deviations away or more, mostly nine.

Simulated trials, and random numbers of NumPy and PyTorch, are not random in this sense: their seeds are fixed, rounding
moves them by their last bits, and what is computed from them is the same on any machine to many digits. Nor are
networks after a few hundred steps, which rounding moves by 0.0001 of their loss.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

BUDGET = 1e-5
SPENDERS = 100
CHANCE = BUDGET / SPENDERS


def normal_bound(comparisons: int = 1) -> float:
    """What none of so many standard normal figures exceeds in absolute value."""
    return float(stats.norm.isf(0.5 * CHANCE / comparisons))


def t_bound(freedom: int, comparisons: int = 1) -> float:
    """The same in units of standard errors that were themselves estimated, with these degrees of freedom."""
    return float(stats.t.isf(0.5 * CHANCE / comparisons, freedom))


def batch_means(draws: np.ndarray, length: int = 50) -> np.ndarray:
    """Means of successive draws of a chain, shape (batches,), of draws of shape (chains, draws).

    NUTS forgets within a few draws, where its geometry is sound, so that batches are close to independent and normal:
    their standard deviation over sqrt(batches) is the standard error of the mean of all, with batches - 1 degrees of
    freedom. Draws that do not fill a batch are left out.
    """
    chains, n = draws.shape
    return draws[:, : n - n % length].reshape(chains * (n // length), length).mean(axis=1)


def next_mean_bound(mean: float, sd: float, measured: int, of: int, comparisons: int = 1) -> float:
    """What the mean of ``of`` more normal figures does not exceed, by the mean and sd of those measured before."""
    t = stats.t.isf(CHANCE / comparisons, measured - 1)
    return float(mean + t * sd * np.sqrt(1.0 / of + 1.0 / measured))


def next_count_bound(mean: float, variance: float, of: int, comparisons: int = 1) -> int:
    """What the sum of ``of`` more counts does not exceed, by the mean and variance of those measured before.

    Counts of divergences vary more than those of a Poisson process, since they come in clusters: they have a negative
    binomial distribution with these moments, which forty fits tell to within a factor of two.
    """
    mean, variance = 2.0 * of * mean, 4.0 * of * max(variance, 1.01 * mean)
    size = mean**2 / (variance - mean)
    return int(stats.nbinom.isf(CHANCE / comparisons, size, size / (size + mean)))


def r_hat_bound(quantities: int, effective: float, chains: int) -> float:
    """What R-hat does not exceed for any of the quantities, where chains have converged.

    Split R-hat of M half chains, each worth m independent draws, is near sqrt(1 + X / m), where (M - 1) X has a
    chi-square distribution with M - 1 degrees of freedom; each quantity is looked at twice, for location and spread.

    Args:
        quantities: how many.
        effective: least effective sample size of all chains together.
        chains: how many.
    """
    freedom = 2 * chains - 1
    largest = stats.chi2.isf(CHANCE / (2 * quantities), freedom) / freedom
    return float(np.sqrt(1.0 + largest * 2 * chains / effective))


def far_apart(first: np.ndarray, second: np.ndarray, comparisons: int = 1, length: int = 50) -> bool:
    """Whether two samplers' draws of one quantity, (chains, draws) each, differ by more than chance explains.

    Their means are compared, and their mean absolute deviations, whose errors have no heavy tails as those of standard
    deviations have.
    """
    for figure in (np.asarray, lambda x: np.abs(x - x.mean())):
        one, other = (batch_means(figure(draws), length) for draws in (first, second))
        error = np.hypot(*(means.std(ddof=1) / np.sqrt(len(means)) for means in (one, other)))
        # where one error is much larger than the other, it has the degrees of freedom of its own batches only
        freedom = min(len(one), len(other)) - 1
        if abs(one.mean() - other.mean()) > t_bound(freedom, 2 * comparisons) * error:
            return True
    return False
