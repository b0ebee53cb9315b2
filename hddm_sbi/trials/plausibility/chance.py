"""How probable it is that clean data look like this: the chances on which the checks decide.

All are chances for the worst clean data, so that the true ones are smaller.
"""

from __future__ import annotations

import numpy as np
from scipy.special import pdtrc

from hddm_sbi.trials.recording import FloatArray

# Times are compared in steps of a microsecond: subtraction of clocks leaves noise below.
_DECIMALS = 6

# Trials are more frequent at the longest rt than on average below it where a deadline cuts a rising density. Above the
# median of an exponentially rising one the mean density is 1 / (2 ln 2) = 0.72 of the last.
_STEEPEST = 1.5

# Neighbours that tell how dense the trials are: the nearest so many, at no fewer different times, and also more of
# them, but at most half of what there is; what they say more cautiously counts.
_NEAREST = 10
_DIFFERENT = 8
_MORE = 20
# At fewer different times nothing can be told.
_FEWEST = 4

# So improbable must a smallest difference be without a clock's steps to be taken for one.
_NO_CHANCE = 0.01


def comparable(seconds: FloatArray) -> FloatArray:
    """Times of which equal ones are equal."""
    return np.round(seconds, _DECIMALS)


def smallest_step(times: FloatArray) -> float:
    """The smallest difference between two times that are not the same, seconds; infinite where all are the same."""
    different = np.unique(times)
    return float(np.diff(different).min()) if len(different) > 1 else np.inf


def clock_step(times: FloatArray, finest: float) -> float:
    """The steps of the clock that a participant's times come from, seconds.

    Few times that are no multiples of anything have a large smallest difference, too: n of them spread over a range r
    have one above t with a chance of about exp(-n (n - 1) t / r). Where it may be chance, ``finest`` counts, that of
    all participants.
    """
    step = smallest_step(times)
    most = np.sort(times)[: max(2, int(0.8 * len(times)))]  # without the tail
    spread = float(np.ptp(most)) if len(times) > 1 else 0.0
    by_chance = spread > 0.0 and np.exp(-len(most) * (len(most) - 1) * step / spread) > _NO_CHANCE
    return min(step, finest) if by_chance else step


def expected_ties(times: FloatArray, place: float, tied: int, finest: float) -> float:
    """How many further trials to expect, at most, where one of ``tied`` is.

    From the neighbours: with n of them on a grid of the clock's steps that spans w, a trial falls on any of w + 1
    places, and on a given one at most ``_STEEPEST`` times as often as on the average one. Ties among the neighbours
    themselves, which a coarser clock of some trials makes, raise it.

    Args:
        times: of one participant, as ``comparable``, without those tied.
        place: where ties are counted.
        tied: the number of trials there.
        finest: ``smallest_step`` of all participants.
    """
    step = clock_step(times, finest)
    nearest = times[np.argsort(np.abs(times - place), kind="stable")]
    first = np.sort(np.unique(nearest, return_index=True)[1])  # where each different time comes first
    if len(first) < _FEWEST or not np.isfinite(step):
        return float(tied + len(times))
    enough = max(_NEAREST, first[min(_DIFFERENT, len(first)) - 1] + 1)
    expected = 0.0
    for size in {min(enough, len(times)), max(min(_MORE, len(times) // 2), first[1] + 1)}:
        near = nearest[:size]
        places = (max(place, near.max()) - min(place, near.min())) / step + 1.0
        counts = np.unique(near, return_counts=True)[1]
        pairs = float((counts * (counts - 1)).sum()) / (size * (size - 1))
        rate = _STEEPEST * max(1.0 / places, pairs)
        expected = max(expected, rate / (1.0 + rate) * (size + tied - 1))
    return expected


def many_ties(further: int, expected: float) -> float:
    """The chance of at least so many further trials where one is.

    That of a Poisson distribution, which is above the binomial's in this tail (Anderson & Samuels 1967, Proceedings of
    the Fifth Berkeley Symposium 1, 1-12).
    """
    return float(pdtrc(further - 1, expected)) if further > 0 else 1.0


def both(first: float, second: float) -> float:
    """The chance of two independent figures together, of chance ``first`` and ``second`` (Fisher's method)."""
    product = max(first * second, 1e-300)
    return product * (1.0 - np.log(product))
