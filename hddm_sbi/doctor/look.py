"""A table that may have any fault -> trials as far as they can be read, with what the model refuses as findings.

Where the model stops at the first error, this goes on: what cannot be read is taken as missing, or as not said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hddm_sbi.doctor.asked import Asked
from hddm_sbi.errors import DataError
from hddm_sbi.trials.limits import read_deadline, read_truncation
from hddm_sbi.trials.missing import is_empty, is_missing
from hddm_sbi.trials.observed import sees_times
from hddm_sbi.trials.plausibility import Finding as Found
from hddm_sbi.trials.reading import Recorded, order_responses, record
from hddm_sbi.trials.recording import BoolArray
from hddm_sbi.trials.response_times import read_times
from hddm_sbi.trials.same_labels import check_labels_once
from hddm_sbi.trials.subjects import names_of, read_participants

# A label for trials whose participant is missing.
_NOBODY = "(missing)"


@dataclass(frozen=True)
class Look:
    """What could be read.

    Args:
        recorded: the columns; choices are options where ``ordered``, else places among the responses.
        ordered: whether the model would know the responses.
        asked: the options by which it was read in the end.
        refused: what the model says of the rest.
    """

    recorded: Recorded
    ordered: bool
    asked: Asked
    refused: tuple[Found, ...]


def look(table: pd.DataFrame, asked: Asked) -> Look:
    """Read a table, whatever is in it; the options are those of ``check_asked``."""
    refused: list[Found] = []
    try:
        recorded = record(table, **asked.reading)
    except DataError as error:
        for mend in _MENDS:
            mended = mend(table, asked)
            if mended is not None:
                found, table, asked = mended
                refused.append(found)
        if not refused:
            raise error
        recorded = record(table, **asked.reading)
    try:
        return Look(order_responses(recorded, asked.choices, asked.counts), True, asked, tuple(refused))
    except DataError as error:
        sentence = str(error)
    # not said what they mean: they are responses all the same
    recording = replace(recorded.recording, coding="response", go=None)
    seen = recording.choice_seen
    if seen.any():  # else that they are missing is said by a check
        refused.append(Found("responses", "error", sentence, seen))
    return Look(replace(recorded, recording=recording), False, asked, tuple(refused))


Mended = tuple[Found, pd.DataFrame, Asked] | None


def _times(table: pd.DataFrame, asked: Asked) -> Mended:
    """Entries that are no numbers are taken as missing."""
    column = table[asked.rt] if sees_times(asked.observed) else None
    error = None if column is None else _error(lambda: read_times(column))
    if column is None or error is None:
        return None
    missing = is_missing(column)
    numbers = pd.to_numeric(column.astype(str).where(~missing), errors="coerce")
    rows = np.array(numbers.isna() & ~missing, dtype=np.bool_)
    return Found("times that are no numbers", "error", error, rows), table.assign(**{asked.rt: numbers}), asked


def _people(table: pd.DataFrame, asked: Asked) -> Mended:
    """Trials of nobody are somebody's; where there are no participants in the column, there are none."""
    error = _error(lambda: read_participants(table, asked.groupby))
    if error is None:
        return None
    names = names_of(asked.groupby)
    rows: BoolArray = np.logical_or.reduce([is_empty(table[name]) for name in names])
    filled = {name: table[name].astype(object).where(~is_empty(table[name]), _NOBODY) for name in names}
    table = table.assign(**filled) if rows.any() else table
    if _error(lambda: read_participants(table, asked.groupby)) is not None:
        asked = replace(asked, groupby=None)
    found = Found("participants", "error", error, rows if rows.any() else np.ones(len(table), dtype=np.bool_))
    return found, table, asked


def _labels(table: pd.DataFrame, asked: Asked) -> Mended:
    """A label is one participant."""
    error = _error(lambda: check_labels_once(table, read_participants(table, asked.groupby)))
    if error is None:
        return None
    rows = np.ones(len(table), dtype=np.bool_)
    stated = replace(asked, groupby=list(names_of(asked.groupby)))
    return Found("participants in several groups", "error", error, rows), table, stated


def _deadline(table: pd.DataFrame, asked: Asked) -> Mended:
    """There is none."""
    error = _error(lambda: read_deadline(table, asked.deadline, asked.rt_unit))
    if error is None:
        return None
    return Found("limits", "error", error, np.ones(len(table), dtype=np.bool_)), table, replace(asked, deadline=None)


def _truncation(table: pd.DataFrame, asked: Asked) -> Mended:
    """There is none."""
    error = _error(lambda: read_truncation(table, asked.truncate, asked.rt_unit))
    if error is None:
        return None
    return Found("limits", "error", error, np.ones(len(table), dtype=np.bool_)), table, replace(asked, truncate=None)


_MENDS: tuple[Callable[[pd.DataFrame, Asked], Mended], ...] = (_times, _people, _labels, _deadline, _truncation)


def _error(read: Callable[[], object]) -> str | None:
    """The sentence by which something is refused, or None."""
    try:
        read()
    except DataError as error:
        return str(error)
    return None
