"""lab.js: a row for each screen, form and loop that ended."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked, Reading, Source
from hddm_sbi.reading.sources.kinds import dropped, select, sessions_of
from hddm_sbi.reading.sources.people import people, person_column
from hddm_sbi.reading.sources.timeouts import deadline_of

_NAME = "lab.js"
_MARKS = ("sender", "sender_type", "sender_id", "ended_on", "time_commit", "time_render")
_NO_SCREEN = r"flow\.|form|page|loop|sequence|parallel"


def _recognises(raw: Raw) -> bool:
    return len(raw.columns & set(_MARKS)) >= 3


def _tidy(raw: Raw) -> pd.DataFrame:
    """What a form asked once goes onto the rows of its session: the person, in other rows empty.

    Files that were joined hold several sessions; each begins with the first component anew.
    """
    frame = raw.frame
    name = person_column(frame)
    if name is None or cells.nothing(frame[name]).all():
        return frame
    session = sessions_of(frame.assign(**{SOURCE_FILE: raw.name}), "sender_id")
    person = frame[name].mask(cells.nothing(frame[name]))
    return frame.assign(**{name: person.groupby(session).transform(lambda column: column.ffill().bfill()).fillna("")})


def _read(table: pd.DataFrame, asked: Asked) -> Reading:
    sender = cells.need(table, "sender", _NAME)
    ended = cells.need(table, "ended_on", _NAME).astype(str).str.strip()
    rt = cells.rt_column(table, asked, "duration", _NAME)
    response = cells.response_column(table, asked, "response", _NAME)
    kind = cells.need(table, "sender_type", _NAME).astype(str)
    screen = np.asarray(~kind.str.contains(_NO_SCREEN, case=False), dtype=bool)
    answered = np.asarray(ended == "response", dtype=bool)
    timed_out = np.asarray(ended == "timeout", dtype=bool)
    chosen = select(
        table, answered & screen, asked, kinds=("sender",), rows=screen, sessions=sessions_of(table, "sender_id")
    )
    if not (answered & chosen.rows).any():
        raise DataError("no screen of lab.js ended on a response in these rows; say which rows are trials with where=.")
    broken = chosen.rows & ~answered & ~timed_out
    rows = chosen.rows & ~broken
    missing = timed_out | cells.nothing(response)
    unit = cells.unit_of(asked, "ms")
    times = cells.seconds(rt.where(rows), unit)
    deadline, remark = deadline_of(times, timed_out, table[SOURCE_FILE], rows)
    participant, how, column = people(table, asked, _person(table), _NAME)
    correct = cells.right_or_wrong(table["correct"], missing) if "correct" in table else None
    who = ", ".join(map(repr, pd.unique(sender[rows])))
    return Reading(
        rows=rows,
        participant=participant,
        rt=np.where(timed_out, np.nan, times),
        response=cells.labels(response, missing),
        correct=correct,
        deadline=deadline,
        read_as=cells.read_as(
            participant=how,
            rt=str(rt.name),
            unit=unit,
            response=f"column '{response.name}' of sender {who}; none where ended_on is 'timeout'",
            correct=None if correct is None else "correct",
            deadline=None if deadline is None else f"column '{rt.name}' of the trials that ended on 'timeout'",
        ),
        used=cells.names(str(rt.name), str(response.name), "correct", column),
        left_out=(
            *dropped("no screen", kind, ~screen),
            *chosen.left_out,
            *dropped("ended neither on a response nor on the time-out", ended, broken),
        ),
        notes=(remark,) if remark else (),
    )


def _person(table: pd.DataFrame) -> tuple[str, ...]:
    """The column of the person, if it says something."""
    name = person_column(table)
    return () if name is None or cells.nothing(table[name]).all() else (name,)


LABJS = Source("labjs", _NAME, _recognises, _read, _tidy)
