"""Truncation that the data contradict."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import BoolArray, FloatArray, Recording

# Times that differ by less are the same in another notation.
_SAME = 1e-6


def truncation(recording: Recording) -> Iterator[Finding]:
    """Ends in the wrong order, and response times outside."""
    if recording.low is None and recording.high is None:
        return
    low, high, name = _end(recording, "low", -np.inf), _end(recording, "high", np.inf), "the high end"
    if recording.deadline is not None:
        name = "the deadline" if (recording.deadline.seconds < high).any() else name
        high = np.minimum(high, recording.deadline.seconds)
    empty = low >= high
    if empty.any():
        yield Finding("empty truncation", "error", _empty(recording, empty, low, high, name), empty)
        return
    high = _end(recording, "high", np.inf)
    outside = recording.rt_seen & ((recording.seconds < low - _SAME) | (recording.seconds > high + _SAME))
    if outside.any():
        yield Finding("outside truncation", "error", _outside(recording, outside), outside)


def _end(recording: Recording, name: str, none: float) -> FloatArray:
    limit = getattr(recording, name)
    return np.full(recording.n, none) if limit is None else limit.seconds


def _empty(recording: Recording, rows: BoolArray, low: FloatArray, high: FloatArray, name: str) -> str:
    first = int(np.flatnonzero(rows)[0])
    where = "" if rows.all() else f" ({recording.at(rows)})"
    return (
        f"the low end of truncate, {low[first]:g} s, is not before {name}, {high[first]:g} s{where}: truncate is the "
        "pair (low, high) of response times between which trials were kept."
    )


def _outside(recording: Recording, rows: BoolArray) -> str:
    ends = [f"{limit.name}, {limit.words}" for limit in (recording.low, recording.high) if limit is not None]
    units = " and ".join(dict.fromkeys(x.unit for x in (recording.low, recording.high) if x is not None))
    first = recording.seconds[rows][0]
    return (
        f"{int(rows.sum()):,} of {int(recording.rt_seen.sum()):,} response times in column '{recording.rt_name}'"
        f"{recording.whose(rows)} are outside {' and '.join(ends)}, the first {first:.6g} s ({recording.at(rows)}): "
        "truncate says that no such trial is in the data, so name the limits that were applied to them, or remove "
        f"these trials as the others were ({units})."
    )
