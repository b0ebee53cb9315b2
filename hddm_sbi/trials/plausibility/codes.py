"""Numbers that stand for something else than a time: 999, 9.999, or any single value far from all others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.plausibility.chance import clock_step, comparable, expected_ties, many_ties, smallest_step
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.plausibility.missing import BIAS
from hddm_sbi.trials.recording import UNITS, BoolArray, FloatArray, Recording

# At most so many clean experiments are refused for a value.
_CHANCE = 2e-5

# Codes of an experiment that are taken together: 998 and 999, say.
_MOST_CODES = 2

# What most trials have is their time, and the others are pauses.
_LARGEST_SHARE = 0.5


def codes(recording: Recording) -> Iterator[Finding]:
    """Values that are codes, each with its rows."""
    times = comparable(recording.seconds)
    values = _coded_values(recording, times)
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
            f"time; {BIAS}.",
            rows,
        )


def coded(recording: Recording) -> BoolArray:
    """Whether each row's response time is a code, shape (n,)."""
    times = comparable(recording.seconds)
    return np.isin(times, _coded_values(recording, times))


def _coded_values(recording: Recording, times: FloatArray) -> list[float]:
    usable = np.isfinite(times) & (times > 0)
    values, counts = np.unique(times[usable], return_counts=True)
    found = {float(value) for value in _apart(recording, times, values, counts)}
    for value, count in zip(values, counts, strict=True):
        nines = _nines(value / UNITS[recording.unit])
        # the longest may be a time limit of 0.99 s
        if count > 1 and nines > (value == values[-1]) and _recurs(recording, times, usable, value):
            found.add(float(value))
    return sorted(found)


def _apart(recording: Recording, times: FloatArray, values: FloatArray, counts: np.ndarray) -> list[float]:
    """The largest or smallest values, where a gap wider than the range of all others is below or above them.

    Were they times, they would fall anywhere in the gap, each on any of its places with the same probability.
    """
    for ends in (slice(None), slice(None, None, -1)):
        ordered, repeated = values[ends], counts[ends]  # what may be coded comes last
        for size in range(1, min(_MOST_CODES, len(ordered) - 2) + 1):
            found, rest = ordered[-size:], ordered[:-size]
            gap, width = abs(float(found[0] - rest[-1])), abs(float(rest[-1] - rest[0]))
            if ends.step == -1:  # towards zero distances are ratios
                gap = float(rest[-1] - found[0]) if found[0] * 10.0 < rest[-1] else 0.0
                width = 0.0
            if gap <= width or gap == 0.0 or repeated[-size:].sum() > _LARGEST_SHARE * repeated.sum():
                continue
            whose = np.isin(recording.subject, recording.subject[np.isin(times, found)])
            step = smallest_step(times[whose & np.isfinite(times) & ~np.isin(times, found)])
            chances = [
                min(1.0, step / gap) ** (count - 1 + bool(_nines(value / UNITS[recording.unit])))
                for value, count in zip(found, repeated[-size:], strict=True)
            ]
            if max(chances) < _CHANCE:
                return found.tolist()
    return []


def _nines(value: float) -> int:
    """How many nines more than one a number is written with, where it has no other digits: 99, 9.99, 0.999; else 0."""
    digits = f"{value:.9g}".lstrip("0").replace(".", "")
    return len(digits) - 1 if set(digits) == {"9"} else 0


def _recurs(recording: Recording, times: FloatArray, usable: BoolArray, value: float) -> bool:
    """Whether a value occurs more often than its neighbours do, or between the steps of the clock of the others."""
    rows = usable & (times == value)
    others = [times[usable & recording.of(person) & ~rows] for person in recording.people]
    finest = min(smallest_step(times) for times in others)
    near = min(np.abs(times - value).min(initial=np.inf) for times in others)
    if near < finest / 2.0 and np.isfinite(finest) and finest == clock_step(np.concatenate(others), 0.0):
        return True
    tied = [int((rows & recording.of(person)).sum()) for person in recording.people]
    expected = sum(expected_ties(times, value, max(1, k), finest) for times, k in zip(others, tied, strict=True))
    return many_ties(sum(tied), expected) < _CHANCE
