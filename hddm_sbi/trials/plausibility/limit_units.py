"""Deadlines and ends of truncation in another unit than the response times."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import BoolArray, Limit, Recording

# Nearly all trials come before a limit, and a limit so many times the longest of them would be none.
_NEARLY_ALL = 0.95
_FAR = 1000.0**0.5

# Without times to compare with: nobody is given a minute for what a sequential sampling model describes.
_LONGEST_S = 50.0


def limit_units(recording: Recording) -> Iterator[Finding]:
    """Upper limits that make sense as milliseconds, and ones before all responses."""
    for limit in (recording.deadline, recording.high):
        if limit is None or _is_empty(recording, limit):
            continue
        far = _as_milliseconds(recording, limit)
        if before_all(recording, limit):
            yield Finding("limit before all responses", "error", _before(recording, limit), limit.there)
        elif far.any():
            yield Finding("unit of a limit", "error", _unit(recording, limit, far), far)
        elif not recording.rt_seen.any() and (limit.seconds[limit.there] > _LONGEST_S).any():
            sentence = f"{limit.name} is {limit.words}: {_CURE[limit.column is None]} if these are milliseconds."
            yield Finding("unit of a limit", "warning", sentence, limit.there)


_CURE = {True: "divide it by 1000", False: 'pass rt_unit="ms"'}


def before_all(recording: Recording, limit: Limit) -> bool:
    """Whether every response that has such a limit came after it, and after every other one."""
    times = recording.seconds[recording.rt_seen & limit.there]
    return bool(len(times)) and bool(limit.seconds[limit.there].max() < times.min())


def _is_empty(recording: Recording, limit: Limit) -> bool:
    """Whether it is an end of truncation before the other end, which is told of truncation."""
    low = recording.low
    return limit is recording.high and low is not None and bool((low.seconds >= limit.seconds).any())


def _as_milliseconds(recording: Recording, limit: Limit) -> BoolArray:
    """Which trials have limits far after all responses, and after nearly all of theirs if they are a thousandth."""
    none: BoolArray = np.zeros(recording.n, dtype=np.bool_)
    if not (recording.rt_seen & limit.there).any():
        return none
    far = limit.there & (limit.seconds >= _FAR * np.nanmax(recording.seconds))
    both = far & recording.rt_seen
    if not both.any():
        return none
    return far if (recording.seconds[both] <= limit.seconds[both] / 1000.0).mean() >= _NEARLY_ALL else none


def _before(recording: Recording, limit: Limit) -> str:
    fastest = recording.seconds[recording.rt_seen & limit.there].min()
    return (
        f"{limit.name}, {limit.words}, is before every response in column '{recording.rt_name}', the fastest of which "
        f"took {fastest:.6g} s: give it in the right unit ({limit.unit})."
    )


def _unit(recording: Recording, limit: Limit, far: BoolArray) -> str:
    longest = np.nanmax(recording.seconds)
    cure = "divide it by 1000" if limit.column is None else "bring the column to the unit of the response times"
    where = ""
    if (far != limit.there).any():
        where, cure = f" ({recording.at(far)})", f"{cure}, or leave it empty in trials without a limit"
    return (
        f"{limit.name} is {limit.words}, and the longest response time in column '{recording.rt_name}' {longest:.6g} "
        f"s: it reads as milliseconds{where}; {cure}, because {limit.unit}."
    )
