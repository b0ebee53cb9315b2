"""Numbers that stand for something else than a time: 999, 9.999, or any single value far from all others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.plausibility.chance import comparable, expected_ties, many_ties, resolution
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.plausibility.missing import BIAS
from hddm_sbi.trials.recording import UNITS, BoolArray, FloatArray, Recording

# At most so many clean experiments are refused for a value.
_CHANCE = 2e-5

# Codes of an experiment that are taken together: 998 and 999, say.
_MOST_CODES = 2


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
            f"{others.min():g} to {others.max():g}: it reads as a code for trials without a response and not as a time; "
            f"{BIAS}.",
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
        if count > 1 and _of_nines(value / UNITS[recording.unit]) and _over_tied(recording, times, usable, value):
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
            if gap <= width or gap == 0.0:
                continue
            whose = np.isin(recording.subject, recording.subject[np.isin(times, found)])
            step = resolution(times[whose & np.isfinite(times) & ~np.isin(times, found)])
            chances = [
                min(1.0, step / gap) ** (count - 1 + _of_nines(value / UNITS[recording.unit]))
                for value, count in zip(found, repeated[-size:], strict=True)
            ]
            if max(chances) < _CHANCE:
                return found.tolist()
    return []


def _of_nines(value: float) -> bool:
    """Whether a number is written with nines alone, at least two: 99, 9.99, 0.999."""
    digits = f"{value:.9g}".lstrip("0").replace(".", "")
    return len(digits) > 1 and set(digits) == {"9"}


def _over_tied(recording: Recording, times: FloatArray, usable: BoolArray, value: float) -> bool:
    """Whether a value is tied more often than its neighbours are, in the participants who have it."""
    rows = usable & (times == value)
    expected = 0.0
    for person in np.unique(recording.subject[rows]):
        own = usable & recording.of(person)
        expected += expected_ties(times[own & ~rows], value, int((own & rows).sum()))
    return many_ties(int(rows.sum()), expected) < _CHANCE
