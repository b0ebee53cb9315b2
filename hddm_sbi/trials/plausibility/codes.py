"""Numbers that stand for something else than a time: 999, 9.999, or any single value far from all others."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import numpy as np

from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.plausibility.chance import clock_step, comparable, expected_ties, many_ties, smallest_step
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.plausibility.missing import REMEDY
from hddm_sbi.trials.recording import UNITS, BoolArray, FloatArray, IntArray, Recording

# At most so many clean experiments are refused for a value.
_CHANCE = 2e-5

# Codes of an experiment that are taken together: 998 and 999, say.
_MOST_CODES = 2

# What most trials have is their time, and the others are pauses.
_LARGEST_SHARE = 0.5


def codes(recording: Recording) -> Iterator[Finding]:
    """Values that are codes, each with its rows."""
    times = comparable(recording.seconds)
    values = _coded_values(recording)
    if values:
        rows = np.isin(times, values)
        others = times[np.isfinite(times) & (times > 0) & ~rows] / UNITS[recording.unit]
        shown = enumerated([f"{value / UNITS[recording.unit]:.9g}" for value in values])
        count = int(rows.sum())
        yield Finding(
            "codes",
            "error",
            f"{shown} {'stands' if len(values) == 1 else 'stand'} in {count:,} of {recording.n:,} rows of column "
            f"'{recording.rt_name}'{recording.whose(rows)} ({recording.at(rows)}), where the other values are "
            f"{others.min():g} to {others.max():g}: it reads as a code for trials without a response and not as a "
            f"time; {REMEDY}.",
            rows,
        )


def coded(recording: Recording) -> BoolArray:
    """Whether each row's response time is a code, shape (n,)."""
    return np.isin(comparable(recording.seconds), _coded_values(recording))


# Several checks leave codes out, and finding them takes as long as all else.
_KNOWN: WeakKeyDictionary[Recording, list[float]] = WeakKeyDictionary()


def _coded_values(recording: Recording) -> list[float]:
    """The codes in order, seconds."""
    if recording not in _KNOWN:
        _KNOWN[recording] = _find_coded(recording, comparable(recording.seconds))
    return _KNOWN[recording]


def _find_coded(recording: Recording, times: FloatArray) -> list[float]:
    usable = np.isfinite(times) & (times > 0)
    values, counts = np.unique(times[usable], return_counts=True)
    found = set(_apart(recording, times, values, counts))
    for value in values[counts > 1].tolist():
        nines = extra_nines(value / UNITS[recording.unit])
        # the longest may be a time limit of 0.99 s
        if nines > (value == values[-1]) and _recurs(recording, times, usable, value):
            found.add(value)
    return sorted(found)


def _apart(recording: Recording, times: FloatArray, values: FloatArray, counts: IntArray) -> list[float]:
    """The largest or smallest values, where they are far from all others and recur.

    Were they times, they would fall anywhere in the gap, each on any of its places with the same probability; all nines
    are a place that was named before.
    """
    for gap_of, order in ((_gap_above, slice(None)), (_gap_below, slice(None, None, -1))):
        ordered, repeated = values[order], counts[order]  # what may be coded comes last
        for size in range(min(_MOST_CODES, len(ordered) - 2), 0, -1):
            found, rest, often = ordered[-size:], ordered[:-size], repeated[-size:]
            nines = np.array([extra_nines(value / UNITS[recording.unit]) for value in found])
            gap = gap_of(found, rest, int(nines.min()))
            if gap > 0.0 and often.sum() <= _LARGEST_SHARE * counts.sum():
                whose = np.isin(recording.subject, recording.subject[np.isin(times, found)])
                places = gap / smallest_step(times[whose & np.isin(times, rest)])
                if (np.maximum(places, 1.0) ** -(often - 1.0 + (nines > 0))).max() < _CHANCE:
                    return found.tolist()
    return []


def _gap_above(found: FloatArray, rest: FloatArray, nines: int) -> float:
    """How far the largest values are above the rest, if by more than that spans, or of three nines; else 0."""
    gap = float(found[0] - rest[-1])
    return gap if nines > 1 or gap > rest[-1] - rest[0] else 0.0


def _gap_below(found: FloatArray, rest: FloatArray, nines: int) -> float:
    """How far the smallest values are below the rest, if that begins at ten times as much, or of nines; else 0."""
    return float(rest[-1] - found[0]) if nines > 0 or rest[-1] > 10.0 * found[0] else 0.0


def extra_nines(value: float) -> int:
    """How many nines more than one a number is written with, where it has no other digits: 99, 9.99, 0.999; else 0."""
    digits = f"{value:.9g}".lstrip("0").replace(".", "")
    return len(digits) - 1 if set(digits) == {"9"} else 0


def _recurs(recording: Recording, times: FloatArray, usable: BoolArray, value: float) -> bool:
    """Whether a value occurs more often than its neighbours do, or between the steps of the clock of the others."""
    rows = usable & (times == value)
    people = recording.counts(usable) > 0
    others = [times[own] for own, there in zip(recording.of_each(usable & ~rows), people, strict=True) if there]
    finest = min(smallest_step(times) for times in others)
    near = min(np.abs(times - value).min(initial=np.inf) for times in others)
    if near < finest / 2.0 and np.isfinite(finest) and finest == clock_step(np.concatenate(others), 0.0):
        return True
    tied = recording.counts(rows)[people].tolist()
    expected = sum(expected_ties(times, value, max(1, k), finest) for times, k in zip(others, tied, strict=True))
    return many_ties(sum(tied), expected) < _CHANCE
