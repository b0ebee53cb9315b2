"""The deadline, where a program writes the moment of the time-out in place of a response time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hddm_sbi.reading.sources.base import BoolArray, FloatArray

# Screens are redrawn and keyboards asked every few milliseconds: time-outs of one limit lie so close together.
_SAME = 0.1


def deadline_of(
    times: FloatArray, timed_out: BoolArray, files: pd.Series, rows: BoolArray
) -> tuple[FloatArray | None, str]:
    """The deadline of each row in seconds, None if no trial timed out, and a remark where it is not one for all.

    Args:
        times: what the program wrote, seconds.
        timed_out: where that is the moment of a time-out.
        files: the file of each row.
        rows: the trials.
    """
    out = timed_out & rows & np.isfinite(times)
    if not out.any():
        return None, ""
    if np.ptp(times[out]) <= _SAME:
        return np.full(len(times), round(float(np.median(times[out])), 3)), ""
    limits = pd.Series(times).where(out).groupby(np.asarray(files)).agg(["median", "min", "max"])
    if (limits["max"] - limits["min"] <= _SAME).all():
        of_file = pd.Series(np.asarray(files)).map(limits["median"]).round(3)
        return of_file.to_numpy(dtype=np.float64), "the deadline differs between files"
    return np.where(out, times, np.nan), (
        f"time-outs lie between {times[out].min():.3f} and {times[out].max():.3f} s: where the limit of a trial "
        "that was answered is not in the file, name it in the model with deadline="
    )
