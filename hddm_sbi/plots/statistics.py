"""Statistics of data sets, one a row: quantiles, bins from fast to slow, and their ends over the sets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from hddm_sbi.errors import DataError
from hddm_sbi.plots.observed import BoolArray, FloatArray, IntArray

BAND = (0.025, 0.5, 0.975)

# Quantiles of fewer responses say nothing.
_FEWEST = 5


def bands(values: FloatArray, at: Sequence[float] = BAND) -> FloatArray:
    """The ends and the median of what data sets have, shape (3, ...), from shape (data sets, ...); NaN without any.

    ``at`` says which quantiles of the data sets they are; by default the ends hold 95% of them.

    Where a statistic is undefined in some data sets, such as the quantiles of errors that did not occur, the others
    count.
    """
    if not len(values):
        return np.full((len(at), *values.shape[1:]), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all undefined: NaN is the answer
        return np.asarray(np.nanquantile(values, at, axis=0))


def row_quantiles(values: FloatArray, probabilities: FloatArray) -> FloatArray:
    """Quantiles of each row's numbers, NaN left out, by linear interpolation; NaN where there are fewer than five.

    Args:
        values: shape (rows, n).
        probabilities: shape (k,).

    Returns:
        Shape (rows, k).
    """
    if values.shape[1] == 0:
        return np.full((len(values), len(probabilities)), np.nan)
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.isfinite(values).sum(axis=1)[:, None]
    place = probabilities * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    low, high = (np.take_along_axis(ordered, at, axis=1) for at in (below, above))
    return np.where(count >= _FEWEST, low + (place - below) * (high - low), np.nan)


def in_bins(rt: FloatArray, hit: BoolArray, bins: int) -> FloatArray:
    """Mean time and share of hits in each bin of each row, shape (rows, bins, 2); NaN in bins without responses."""
    order = np.argsort(rt, axis=1)  # NaN last
    rt, hit = np.take_along_axis(rt, order, axis=1), np.take_along_axis(hit, order, axis=1)
    count = np.isfinite(rt).sum(axis=1)[:, None]
    at = np.arange(rt.shape[1]) * bins // np.maximum(count, 1)
    inside = np.arange(rt.shape[1]) < count
    cell = (np.arange(len(rt))[:, None] * bins + at)[inside]
    totals = [
        np.bincount(cell, weights=values[inside], minlength=len(rt) * bins).reshape(len(rt), bins)
        for values in (rt, hit.astype(np.float64), np.ones_like(rt))
    ]
    with np.errstate(invalid="ignore"):
        return np.stack([totals[0] / totals[2], totals[1] / totals[2]], axis=-1)


def share(choice: IntArray, option: int) -> FloatArray:
    """How often an option was chosen in each row, as a proportion of the trials."""
    return np.asarray((choice == option).mean(axis=1))


def mean(parts: list[FloatArray]) -> FloatArray:
    """The mean over participants, of those for whom the statistic is defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of nobody: NaN is the answer
        return np.asarray(np.nanmean(np.stack(parts), axis=0)) if len(parts) > 1 else parts[0]


def checked_probabilities(probabilities: Sequence[float]) -> FloatArray:
    """The probabilities of quantiles as an array.

    Raises:
        DataError: they are none.
    """
    try:
        wanted = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError):
        wanted = np.empty(0)
    if wanted.ndim != 1 or not len(wanted) or not ((wanted > 0.0) & (wanted < 1.0)).all():
        raise DataError(f"the quantiles are {probabilities!r:.60}; give probabilities between 0 and 1.")
    return wanted
