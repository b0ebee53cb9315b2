"""Responses near the longest time that no person gave: the clock's, when a trial was given up.

Software that looks at the clock once a frame writes times near its limit, not at it, so that they are no ties (which
``trials.plausibility.time_outs`` finds). Two things show them: more trials within 20 ms of the longest than just
before, the more so if all have one response; and rows that another column marks, by an empty cell, "None" or "timeout".
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import bdtrc

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import ALARM
from hddm_sbi.trials.missing import is_missing
from hddm_sbi.trials.plausibility.chance import both, comparable, smallest_step
from hddm_sbi.trials.recording import BoolArray, FloatArray

# Software looks at the clock once in a frame.
_NEAR = 0.02
_BEFORE = 0.1
# The share of the trials in both windows that is near the longest, where the density rises up to a limit, half as high
# again there as before; elsewhere it falls.
_SHARE = 1.5 * _NEAR / (1.5 * _NEAR + _BEFORE)
_FEWEST = 3
# Of the rows that another column marks, so many are near the longest.
_MOST = 0.9

_WORDS = {"timeout", "time-out", "time out", "timedout", "timed out", "no response", "noresponse", "no_response",
          "missed", "miss", "omission", "too slow", "no key", "nokey"}  # fmt: skip

_WHY = (
    "A time-out that is read as a slow response moves drift, boundary and lapses: of trials with v = 1 and a = 2, 3% "
    "of them make v 1.18 and 17% make it 2.99."
)


def time_outs(experiment: Experiment) -> Iterator[Finding]:
    """Time-outs that were recorded as responses, near the longest time of all."""
    if "time-outs" in experiment.known or experiment.recording.go is not None:
        return
    seen = experiment.usable & experiment.recording.choice_seen
    if seen.sum() < 2 * _FEWEST:
        return
    times = np.where(seen, comparable(experiment.seconds), np.nan)
    marked = _marked(experiment, seen, times)
    if marked is not None:
        column, entry, rows = marked
        beside = f"and {entry} in column '{column}'"
        yield _finding(experiment, rows, times, beside)
        return
    near = seen & (times >= np.nanmax(times) - _NEAR)
    if near.sum() >= _FEWEST and _chance(experiment, times, near) < ALARM:
        others = seen & ~near
        choices = experiment.recording.choice
        alike = (choices[near] == choices[near][0]).all()
        rest = 100.0 * float((choices[others] == choices[near][0]).mean()) if others.any() else 0.0
        same = f", all with the response {experiment.options[choices[near][0]]!r} ({rest:.0f}% of the others)"
        yield _finding(experiment, near, times, f"far more than just before{same if alike else ''}")


def _marked(experiment: Experiment, seen: BoolArray, times: FloatArray) -> tuple[str, str, BoolArray] | None:
    """A column whose marked rows are nearly all within 20 ms of the longest time, what marks them, and the rows."""
    own = np.full(experiment.people, -np.inf)
    np.maximum.at(own, experiment.subject[seen], times[seen])
    late = seen & ((times >= np.nanmax(times) - _NEAR) | (times >= own[experiment.subject] - _NEAR))
    share = (late.sum() + 1.0) / (seen.sum() + 1.0)
    for name in experiment.others:
        column = experiment.table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        text = not pd.api.types.is_numeric_dtype(column)
        rows = is_missing(column)
        if text:
            codes, entries = experiment.codes(name), experiment.levels(name)
            if codes is None:
                continue
            words = np.array([*(str(entry).strip().lower() in _WORDS for entry in entries), False], dtype=np.bool_)
            rows = rows | words[codes]
        rows = rows & seen
        count, there = int(rows.sum()), int((rows & late).sum())
        if count >= _FEWEST and there >= _MOST * count and bdtrc(there - 1, count, share) < ALARM / 10.0:
            first = experiment.table[name].iloc[int(np.flatnonzero(rows)[0])]
            empty = pd.isna(first) or not str(first).strip()
            return name, "an empty cell" if empty else repr(str(first)), rows
    return None


def _chance(experiment: Experiment, times: FloatArray, near: BoolArray) -> float:
    """The chance of so many near the longest, and of their responses."""
    seen = np.isfinite(times)
    if smallest_step(times[seen]) > _NEAR:  # ties say it there
        return 1.0
    longest = float(times[near].max())
    before = seen & ~near & (times >= longest - _NEAR - _BEFORE)
    count = int(near.sum())
    crowded = float(bdtrc(count - 2, count - 1 + int(before.sum()), _SHARE))
    choices = experiment.recording.choice
    if (choices[near] != choices[near][0]).any():
        return crowded
    share = (float((choices[seen & ~near] == choices[near][0]).sum()) + 1.0) / (float((seen & ~near).sum()) + 1.0)
    return both(crowded, share**count)


def _finding(experiment: Experiment, rows: BoolArray, times: FloatArray, beside: str) -> Finding:
    recording = experiment.recording
    shortest, longest = float(times[rows].min()), float(times[rows].max())
    return Finding(
        "time-outs",
        "warning",
        f"{int(rows.sum()):,} of {int(np.isfinite(times).sum()):,} responses{recording.whose(rows)} have a time of "
        f"{shortest:.4g} to {longest:.4g} s in column '{recording.rt_name}', at the end of all, {beside} "
        f"({experiment.at(rows)}).",
        _WHY,
        "The model takes them for responses: if they are time-outs, set rt and response of these rows to missing and "
        f"name the time limit, deadline={shortest:.3g} (seconds), so that they are fitted as omissions.",
        rows,
    )
