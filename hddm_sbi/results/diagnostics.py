"""Rank-normalised R-hat and effective sample sizes of many quantities at once.

The definitions are those of Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021 (Bayesian Analysis 16, 667-718), in the
arithmetic of ArviZ 0.23, whose values the tests compare with; ArviZ takes the quantities one by one, at milliseconds
each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.special import ndtri

FloatArray = npt.NDArray[np.float64]

# Chains are split in two, and a half needs two draws.
FEWEST_DRAWS = 4

# The tail ESS is the smaller one of the ESS of these quantiles.
TAILS = (0.05, 0.95)

# Draws whose transforms are in memory at the same time, at about 100 bytes each.
_DRAWS_AT_ONCE = 500_000


def diagnostics(draws: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bulk and tail effective sample sizes and R-hat of each column.

    Args:
        draws: draws of the quantities, shape (chains, draws, quantities).

    Returns:
        Each of shape (quantities,). NaN where a column is constant or not finite, or there are too few draws; R-hat is
        NaN for a single chain. R-hat is infinite where each chain stands still at a place of its own.
    """
    chains, length, n = draws.shape
    ess_bulk, ess_tail, r_hat = (np.full(n, np.nan) for _ in range(3))
    with np.errstate(invalid="ignore"):
        moves = np.isfinite(draws).all(axis=(0, 1)) & (np.ptp(draws, axis=(0, 1)) > 0.0)
        stuck = moves & (np.ptp(draws, axis=1) == 0.0).all(axis=0)
    usable = np.flatnonzero(moves & ~stuck & (length >= FEWEST_DRAWS))
    ess_bulk[stuck] = ess_tail[stuck] = chains
    r_hat[stuck] = np.inf
    step = max(1, _DRAWS_AT_ONCE // (chains * length))
    for start in range(0, usable.size, step):
        some = usable[start : start + step]
        columns = np.ascontiguousarray(draws[:, :, some].transpose(2, 0, 1))
        ess_bulk[some], ess_tail[some], r_hat[some] = _diagnostics(columns)
    return ess_bulk, ess_tail, r_hat


def _diagnostics(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bulk ESS, tail ESS and R-hat of draws of shape (quantities, chains, draws)."""
    halves = _split_chains(x)
    scores = _normal_scores(halves)
    tails = [_ess(_split_chains(x <= quantile)) for quantile in _quantiles(x, TAILS)]
    r_hat = np.full(len(x), np.nan)
    if x.shape[1] > 1:
        folded = np.abs(halves - np.median(halves, axis=(1, 2), keepdims=True))
        # the folded draws of a quantity with two values may be constant, and say nothing
        r_hat = np.fmax(_r_hat(scores), _r_hat(_normal_scores(folded)))
        r_hat[(np.ptp(halves, axis=2) == 0.0).all(axis=1)] = np.inf
    return _ess(scores), np.minimum(*tails), r_hat


def _split_chains(x: npt.NDArray[np.generic]) -> FloatArray:
    """The halves of each chain as chains of their own: (..., chains, draws) -> (..., 2 chains, draws // 2)."""
    half = x.shape[-1] // 2
    return np.concatenate([x[..., :half], x[..., x.shape[-1] - half :]], axis=-2).astype(np.float64)


def _r_hat(x: FloatArray) -> FloatArray:
    """Potential scale reduction of chains, shape (quantities, chains, draws): at least two chains."""
    n = x.shape[2]
    between = n * x.mean(axis=2).var(axis=1, ddof=1)
    within = x.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((between / within + n - 1) / n)


def _normal_scores(x: FloatArray) -> FloatArray:
    """Ranks over all chains as quantiles of the normal distribution (Blom 1958); tied values share their mean rank."""
    flat = x.reshape(len(x), -1)
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    place = np.arange(flat.shape[1])
    starts = np.ones(flat.shape, dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=1)
    ends = np.ones_like(starts)
    ends[:, :-1] = starts[:, 1:]
    last = np.minimum.accumulate(np.where(ends, place, place[-1])[:, ::-1], axis=1)[:, ::-1]
    rank = np.empty(flat.shape)
    np.put_along_axis(rank, order, 0.5 * (first + last) + 1.0, axis=1)
    return ndtri((rank - 0.375) / (flat.shape[1] + 0.25)).reshape(x.shape)


def _quantiles(x: FloatArray, probabilities: Sequence[float]) -> Iterator[FloatArray]:
    """Quantiles over all chains, each of shape (quantities, 1, 1).

    As ``numpy.quantile`` has them, but rounded as in ``scipy.stats.mstats.mquantiles``: what counts is which draws are
    at or below, and a quantile may fall on a draw.
    """
    ordered = np.sort(x.reshape(len(x), -1), axis=1)
    n = ordered.shape[1]
    for p in probabilities:
        position = n * p + (1.0 - p)
        k = int(min(max(position, 1.0), n - 1.0))
        weight = min(max(position - k, 0.0), 1.0)
        yield ((1.0 - weight) * ordered[:, k - 1] + weight * ordered[:, k])[:, None, None]


def _ess(x: FloatArray) -> FloatArray:
    """Effective sample size of the mean over chains, shape (quantities, chains, draws)."""
    _, chains, n = x.shape
    size = chains * n
    covariance = _autocovariance(x).mean(axis=1)
    within = covariance[:, 0] * n / (n - 1.0)
    total = within * (n - 1.0) / n
    if chains > 1:
        total += x.mean(axis=2).var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1.0 - (within[:, None] - covariance) / total[:, None]
    rho[:, 0] = 1.0
    time = np.maximum(_autocorrelation_time(rho), 1.0 / np.log10(size))
    time[np.isnan(rho).any(axis=1)] = np.nan
    still = np.ptp(x, axis=(1, 2)) < np.finfo(np.float64).resolution
    return np.where(still, size, size / time)


def _autocorrelation_time(rho: FloatArray) -> FloatArray:
    """Integrated autocorrelation time by Geyer's initial monotone sequence (1992), of shape (quantities,).

    Args:
        rho: autocorrelation by lag, shape (quantities, draws).
    """
    n = rho.shape[1]
    # the pair of lags 2 j and 2 j + 1 is looked at while j is at most ``last``
    last = max(0, -(-(n - 4) // 2))
    even, odd = rho[:, 0 : 2 * last + 1 : 2], rho[:, 1 : 2 * last + 2 : 2]
    pairs = even + odd
    ended = ~(pairs > 0.0)
    ended[:, last] = True
    end = np.argmax(ended, axis=1)
    before = np.arange(last + 1) < end[:, None]
    monotone = np.minimum.accumulate(pairs, axis=1)
    # of the pair at which the sequence ends, the even lag still counts, unless it is what makes the pair negative
    at = np.arange(len(rho)), end
    rest = np.where(pairs[at] < 0.0, np.maximum(even[at], 0.0), even[at])
    return -1.0 + 2.0 * np.sum(monotone, axis=1, where=before) + rest


def _autocovariance(x: FloatArray) -> FloatArray:
    """Of each chain by lag, along the last dimension."""
    n = x.shape[-1]
    length = fft.next_fast_len(2 * n, real=True)
    transform = fft.rfft(x - x.mean(axis=-1, keepdims=True), n=length, axis=-1)
    power = transform.real**2 + transform.imag**2
    return fft.irfft(power, n=length, axis=-1)[..., :n] / n
