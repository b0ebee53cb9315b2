"""Limits to response times, the deadline and the ends of truncation: numbers of seconds or columns -> seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import get_column, rows_in_words
from hddm_sbi.trials.recording import UNITS, Limit
from hddm_sbi.trials.response_times import read_times


def read_deadline(df: pd.DataFrame, given: object, rt_unit: str, new: bool = False) -> Limit | None:
    """When the response of each trial had to come at the latest; None where no trial has a deadline.

    Args:
        df: the table.
        given: seconds, or a column in ``rt_unit``, or None.
        rt_unit: ``"s"`` or ``"ms"``.
        new: whether these are new data, which may be without any limit.

    Raises:
        DataError: it is neither, or not above 0.
    """
    return _read(df, given, rt_unit, argument="deadline", name="the deadline", lower=False, new=new)


def read_truncation(
    df: pd.DataFrame, given: object, rt_unit: str, new: bool = False
) -> tuple[Limit | None, Limit | None]:
    """Below and above which response times trials were taken out of the data; None where none were.

    Args:
        df: the table.
        given: a pair, each seconds, or a column in ``rt_unit``, or None; or None.
        rt_unit: ``"s"`` or ``"ms"``.
        new: whether these are new data, which may be without any limit.

    Raises:
        DataError: it is no such pair, or an end is below 0.
    """
    if given is None:
        return None, None
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise DataError(
            "truncate must be the pair (low, high) of response times between which trials were kept, each in seconds, "
            f"a column, or None, such as (0.2, None), not {_short(given)}."
        )
    low = _read(df, given[0], rt_unit, argument="truncate", name="the low end of truncate", lower=True, new=new)
    high = _read(df, given[1], rt_unit, argument="truncate", name="the high end of truncate", lower=False, new=new)
    return low, high


def _read(
    df: pd.DataFrame, given: object, rt_unit: str, *, argument: str, name: str, lower: bool, new: bool
) -> Limit | None:
    """One limit; the lowest possible of a lower one, and the highest of another, are none."""
    none = 0.0 if lower else np.inf
    if given is None:
        return None
    if isinstance(given, str):
        if new and given not in df.columns:
            raise DataError(
                f"the new data has no column '{given}', {name} of each trial; add it, empty in trials without a limit."
            )
        column = get_column(df, given, argument)
        seconds = read_times(column, "deadlines" if argument == "deadline" else "limits") * UNITS[rt_unit]
        if np.isnan(seconds).all() and not new:
            raise DataError(
                f"column '{given}', which {argument} names, is empty; leave it out where there is no limit."
            )
        seconds = np.where(np.isnan(seconds), none, seconds)
    elif _is_number(given):
        seconds = np.full(len(df), float(given))  # type: ignore[arg-type]  # it is a number
    else:
        raise DataError(
            f"{name} must be a number of seconds or the name of a column with one for each trial, not {_short(given)}."
        )
    limit = Limit(seconds, name, given if isinstance(given, str) else None)
    _check_sign(limit, df.index, lower)
    return limit if limit.there.any() else None


def _check_sign(limit: Limit, index: pd.Index, lower: bool) -> None:
    wrong = (limit.seconds < 0.0) | np.isinf(limit.seconds) if lower else limit.seconds <= 0.0
    if wrong.any():
        least = ("finite" if np.isinf(limit.seconds[wrong][0]) else "0 or more") if lower else "above 0"
        advice, where = "leave it out if there is none", ""
        if limit.column is not None:
            advice = "leave it empty in trials that have none"
            where = f" in column '{limit.column}' ({rows_in_words(wrong, index)})"
        raise DataError(f"{limit.name} must be {least}, not {limit.seconds[wrong][0]:g} s{where}; {advice}.")


def _is_number(value: object) -> bool:
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return number and value == value


def _short(value: object) -> str:
    """What was given, in words where it is long."""
    shape = getattr(value, "shape", (len(value),) if isinstance(value, (list, tuple)) else ())
    if shape and shape[0] > 3:
        return f"{type(value).__name__} of {shape[0]:,} values: put them into the table as a column"
    return repr(value)
