"""Deadlines and trials that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.plausibility.limit_units import before_all
from hddm_sbi.trials.recording import BoolArray, FloatArray, Limit, Recording

# Software looks at the clock once in a screen's frame, or a few: a response may be recorded so much after the deadline.
_POLLING = 0.05

# Decisions that take so many times as long as the longest that was seen do not happen.
_MUCH_LATER = 10.0

# Times that differ by less are the same in another notation.
_SAME = 1e-6


def deadline(recording: Recording) -> Iterator[Finding]:
    """Responses after the deadline, omissions without one, and deadlines by which all responses came."""
    limit = recording.deadline
    if limit is None:
        return
    without = recording.omitted & ~limit.there
    if without.any():
        yield Finding("no deadline", "error", _without(recording, limit, without), without)
    excess = np.where(recording.rt_seen, recording.seconds, -np.inf) - limit.seconds
    late = excess > _POLLING + _SAME
    if late.any() and not before_all(recording, limit):
        yield Finding("late responses", "error", _late(recording, limit, late, excess), late)
    barely = (excess > _SAME) & ~late
    if barely.any():
        yield Finding("late responses", "warning", _barely(recording, limit, barely, excess), barely)
    far = _far(recording, limit)
    if far.any():
        yield Finding("far deadline", "warning", _too_far(recording, limit, far), far)
    if recording.go is None and not recording.omitted.any() and not _told_as_removed(recording, limit):
        yield Finding("no omissions", "warning", _no_omissions(recording, limit), limit.there)


def _far(recording: Recording, limit: Limit) -> BoolArray:
    """Omissions whose deadline is so long after all responses that no decision would have been under way."""
    longest = np.nanmax(recording.seconds, initial=0.0)
    return recording.omitted & limit.there & (limit.seconds >= _MUCH_LATER * longest) & (longest > 0.0)


def _told_as_removed(recording: Recording, limit: Limit) -> bool:
    """Whether ``truncate`` says that responses from the deadline on are not in the data."""
    return recording.high is not None and bool((recording.high.seconds <= limit.seconds + _POLLING).all())


def _too_far(recording: Recording, limit: Limit, rows: BoolArray) -> str:
    count = int(rows.sum())
    omissions = "1 omission has" if count == 1 else f"{count:,} omissions have"
    return (
        f"{omissions} a deadline of {limit.seconds[rows].min():g} s or more{recording.whose(rows)} "
        f"({recording.at(rows)}), and the longest response time in column '{recording.rt_name}' is "
        f"{np.nanmax(recording.seconds):.6g} s: no slow decision explains omissions then, so name the time limit that "
        f"these trials had ({limit.unit}), unless people attended to something else."
    )


def _without(recording: Recording, limit: Limit, rows: BoolArray) -> str:
    count = int(rows.sum())
    have = "omission has" if count == 1 else "omissions have"
    return (
        f"{count:,} {have} no deadline in column '{limit.column}'{recording.whose(rows)} ({recording.at(rows)}): "
        "omissions are trials without a response by a deadline, which must be filled in there."
    )


def _late(recording: Recording, limit: Limit, rows: BoolArray, excess: FloatArray) -> str:
    timed = int((recording.rt_seen & limit.there).sum())
    latest = int(np.argmax(excess))
    return (
        f"{int(rows.sum()):,} of {timed:,} response times in column '{recording.rt_name}'{recording.whose(rows)} are "
        f"after {limit.name}, {limit.words}, such as {recording.seconds[latest]:.6g} s after a deadline of "
        f"{limit.seconds[latest]:.6g} s ({recording.at(rows)}): name the deadline that these trials had "
        f"({limit.unit}), or none if responses still counted after it."
    )


def _barely(recording: Recording, limit: Limit, rows: BoolArray, excess: FloatArray) -> str:
    return (
        f"{int(rows.sum()):,} response times in column '{recording.rt_name}'{recording.whose(rows)} are after "
        f"{limit.name}, {limit.words}, by up to {1000.0 * excess[rows].max():.3g} ms ({recording.at(rows)}): kept as "
        f"responses, because up to {1000.0 * _POLLING:g} ms may be the clock's."
    )


def _no_omissions(recording: Recording, limit: Limit) -> str:
    high = f"{limit.seconds[limit.there][0]:g}" if limit.column is None else repr(limit.column)
    return (
        f"there is a deadline, {limit.words}, and not one omission (a trial with rt and response missing): if none "
        f"happened, all is well; if omissions were removed from the data, pass truncate=(None, {high}) in place of "
        "deadline, or the estimates are biased."
    )
