"""What each participant did in each condition, in numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.recording import BoolArray, FloatArray, IntArray

QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
TIMES = ("fastest", *(f"rt_{100 * q:.0f}" for q in QUANTILES))


def summarise(experiment: Experiment) -> pd.DataFrame:
    """One row for each participant, or each of their conditions: trials, shares of responses, times, omissions.

    Columns: the participant's, the conditions', ``trials``; ``accuracy`` where it is known, else ``share_LABEL`` of
    each response; ``fastest`` and the quantiles ``rt_10`` to ``rt_90``, seconds; ``omissions``, or
    ``withheld`` in go/no-go.
    """
    row, first = _rows(experiment)
    n = len(first)
    recording = experiment.recording
    columns: dict[str, object] = {}
    if recording.subjects:
        columns[str(recording.groupby)] = [plain(recording.subjects[k]) for k in experiment.subject[first]]
    for name in experiment.conditions:
        columns[name] = experiment.table[name].to_numpy()[first]
    columns["trials"] = np.bincount(row, minlength=n)
    if experiment.correct is not None:
        known = experiment.correct >= 0
        columns["accuracy"] = _share(row, known & (experiment.correct > 0), known, n)
    else:
        for choice, label in enumerate(experiment.options):
            if recording.go is None:
                columns[f"share_{label}"] = _share(row, recording.choice == choice, recording.choice_seen, n)
    columns |= dict(zip(TIMES, _times(experiment, row, n), strict=True))
    if recording.go is None:
        columns["omissions"] = np.bincount(row[recording.omitted], minlength=n)
    else:
        columns["withheld"] = np.bincount(row[~recording.choice_seen], minlength=n)
    return pd.DataFrame(columns)


def _rows(experiment: Experiment) -> tuple[IntArray, IntArray]:
    """The row of the summary of each trial, and a trial of each row, by participant and then in order of appearance."""
    key = experiment.subject.astype(np.int64)
    for name in experiment.conditions:
        codes = experiment.codes(name)
        if codes is not None:
            key = key * (int(codes.max(initial=0)) + 2) + codes + 1
    _, first, row = np.unique(key, return_index=True, return_inverse=True)
    return row.astype(np.int64), first.astype(np.int64)


def _share(row: IntArray, which: BoolArray, of: BoolArray, n: int) -> FloatArray:
    """NaN where there are none."""
    counts = np.bincount(row[of], minlength=n)
    return np.where(counts, np.bincount(row[which & of], minlength=n) / np.maximum(counts, 1), np.nan)


def _times(experiment: Experiment, row: IntArray, n: int) -> list[FloatArray]:
    """The fastest time and the quantiles of each row, interpolated as NumPy does; NaN where there are no times."""
    order = experiment.by_time
    order = order[np.argsort(row[order], kind="stable")]
    times, counts = experiment.recording.seconds[order], np.bincount(row[order], minlength=n)
    start, last = np.cumsum(counts) - counts, np.maximum(len(times) - 1, 0)
    found = []
    for q in (0.0, *QUANTILES):
        place = start + q * np.maximum(counts - 1, 0)
        below = np.minimum(np.floor(place).astype(np.int64), last)
        above = np.minimum(below + 1, last)
        share = place - below
        values = times[below] + share * (times[above] - times[below]) if len(times) else np.full(n, np.nan)
        found.append(np.where(counts > 0, values, np.nan))
    return found
