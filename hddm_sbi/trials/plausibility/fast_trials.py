"""Single trials so fast that they alone set the non-decision time, where nothing else may explain them.

``t0`` is below every response time that the process makes, so without lapses one early trial moves it, and drift and
boundary with it. Whether it is implausible is told from the trials that follow. Near its lower end a distribution of
response times falls faster than exponentially, and of one that falls exponentially, the worst case, the differences
between consecutive times, multiplied by how many trials are below them, are independent and have one exponential
distribution (Renyi 1953, Acta Mathematica Hungarica 4, 191-231): with d_j the j-th such difference and m the mean of
the next r, P(d_j > q m) = (1 + q / r)^(-r). Simulated participants of the models here (20 to 2,000 trials each, 300,000
in all) are beyond q with about this chance to the power of 1.5 for rdm and lba, whose fast trials are the most spread
out, and with a smaller one for the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.plausibility.chance import both, comparable
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import UNITS, BoolArray, FloatArray, Recording

# At most one clean experiment in a thousand is suspected.
_CHANCE = 1e-3
_POWER = 1.5

# So few trials may be too fast: more are a part of the distribution.
_MOST = 3
_LARGEST_SHARE = 0.02

# Following differences that tell how dense the fast trials are: this share of all, and at least so many.
_FOLLOWING = 0.1
_FEWEST = 8

# A smaller gap moves t0 by little, as a share of the distance from the fastest of the others to their median.
_SMALLEST = 0.25


def fast_trials(
    recording: Recording, by_participant: bool, unlike_others: FloatArray | None = None
) -> Iterator[Finding]:
    """The trials that set ``t0``, each participant's own or that of all, alone.

    Args:
        recording: the trials, of a model without lapses.
        by_participant: whether ``t0`` varies by participant.
        unlike_others: the chance of a shortest time like each participant's among those of all, which has nothing to do
            with how their own times are spread, shape (participants,); None where only these are looked at.
    """
    times = comparable(recording.seconds)
    timed = recording.rt_seen
    parts = recording.of_each(timed) if by_participant else [np.flatnonzero(timed)]
    rows: BoolArray = np.zeros(recording.n, dtype=np.bool_)
    bound = np.inf
    for place, part in enumerate(parts):
        fastest = np.sort(times[part])
        other = 1.0 if unlike_others is None else float(unlike_others[place])
        number = _too_fast(fastest, _CHANCE / len(parts), other)
        if number:
            rows[part[times[part] <= fastest[number - 1]]] = True
            bound = min(bound, float(fastest[number]))
    if rows.any():
        yield Finding("fast trials", "warning", _sentence(recording, times, rows, bound), rows)


def _too_fast(ordered: FloatArray, chance: float, other: float) -> int:
    """How many of the fastest trials are apart from the others, by their chance alone or with ``other``'s; else 0."""
    differences = np.diff(ordered) * np.arange(1, len(ordered))
    size = max(_FEWEST, int(_FOLLOWING * len(ordered)))
    for number in range(min(_MOST, max(1, int(_LARGEST_SHARE * len(ordered)))), 0, -1):
        following = differences[number : number + size]
        if number + size > len(ordered) // 2 or following.mean() == 0.0:
            continue
        worst = ((1.0 + differences[number - 1] / following.mean() / size) ** -size) ** _POWER
        gap = ordered[number] - ordered[number - 1]
        wide = gap > _SMALLEST * (np.median(ordered) - ordered[number])
        if wide and min(worst, both(worst, other)) < chance:
            return number
    return 0


def _sentence(recording: Recording, times: FloatArray, rows: BoolArray, bound: float) -> str:
    unit = UNITS[recording.unit]
    fast = np.unique(times[rows]) / unit
    values = f"{fast[0]:g}" if len(fast) == 1 else f"{fast[0]:g} to {fast[-1]:g}"
    count = int(rows.sum())
    trial, are, they = ("trial", "is", "it sets") if count == 1 else ("trials", "are", "they set")
    return (
        f"{count} {trial}{recording.whose(rows)} with {values} in column '{recording.rt_name}' ({recording.at(rows)}) "
        f"{are} far faster than all others, which begin at {bound / unit:g}: without lapses {they} t0 alone, and drift "
        'and boundary move with it; keep the default p_outlier="estimate", or see whether the response came before '
        "the stimulus could be seen."
    )
