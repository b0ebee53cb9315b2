"""How probable it is that clean data look like this: the chances on which the checks decide.

All are chances for the worst clean data, so that the true ones are smaller.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson

from hddm_sbi.trials.recording import FloatArray

# Times are compared in steps of a microsecond: subtraction of clocks leaves noise below.
_DECIMALS = 6

# Trials are more frequent at the longest rt than on average below it where a deadline cuts a rising density; twice as
# frequent is more than the steepest distributions of reaction times reach.
_STEEPEST = 2.0

# Neighbours that tell how dense the trials are: so many, and also half of what there is; what they say more cautiously
# counts.
_NEIGHBOURS = 10


def comparable(seconds: FloatArray) -> FloatArray:
    """Times of which equal ones are equal."""
    return np.round(seconds, _DECIMALS)


def resolution(times: FloatArray) -> float:
    """The smallest difference between two times that are not the same, seconds; infinite where all are the same."""
    different = np.unique(times)
    return float(np.diff(different).min()) if len(different) > 1 else np.inf


def expected_ties(times: FloatArray, place: float, tied: int) -> float:
    """How many further trials to expect, at most, where one of ``tied`` is.

    From the neighbours: with n of them on a grid of the times' resolution that spans w steps, a trial falls on any of
    w + 1 places, and on a given one at most ``_STEEPEST`` times as often as on the average one. Ties among the
    neighbours themselves, which a coarser clock of some trials makes, raise it.

    Args:
        times: of one participant, as ``comparable``, without those tied.
        place: where ties are counted.
        tied: the number of trials there.
    """
    step = resolution(np.append(times, place))
    nearest = times[np.argsort(np.abs(times - place))]
    expected = 0.0
    for size in {min(_NEIGHBOURS, len(times)), len(times) // 2}:
        if size < 2 or not np.isfinite(step):
            return float(tied + len(times))
        near = nearest[:size]
        places = (max(place, near.max()) - min(place, near.min())) / step + 1.0
        counts = np.unique(near, return_counts=True)[1]
        pairs = float((counts * (counts - 1)).sum()) / (size * (size - 1))
        probability = min(1.0, _STEEPEST * max(1.0 / places, pairs))
        expected = max(expected, probability * (size + tied - 1))
    return expected


def many_ties(further: int, expected: float) -> float:
    """The chance of at least so many further trials where one is.

    That of a Poisson distribution, which is above the binomial's in this tail (Anderson & Samuels 1967, Proceedings of
    the Fifth Berkeley Symposium 1, 1-12).
    """
    return float(poisson.sf(further - 1, expected))
