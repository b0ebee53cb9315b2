"""Tables that have a trial a row already: those of other model programs, and any with the usual names of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked, BoolArray, FloatArray, Reading, Source, counted
from hddm_sbi.reading.sources.people import people
from hddm_sbi.trials.columns import listed, plain

_RT = (
    "rt", "rts", "responsetime", "reactiontime", "latency", "rtms", "rtmsec", "rtsec", "rts", "reaktionszeit", "rz",
    "tempsdereaction", "tr", "resprt", "time",
)  # fmt: skip
_RESPONSE = (
    "response", "resp", "responses", "r", "choice", "key", "keypress", "keypressed", "answer", "button", "taste",
    "antwort", "reponse", "respuesta",
)  # fmt: skip
_CORRECT = ("correct", "accuracy", "acc", "corr", "iscorrect", "korrekt", "richtig", "genauigkeit", "exactitude")
# What these programs write for nothing, in columns of times and of responses.
_SENTINELS = (-999, 999, -999.0, 999.0)
# A median beyond is no time in seconds, one below none in milliseconds.
_SECONDS, _MILLISECONDS = 20.0, 50.0


@dataclass(frozen=True)
class _Names:
    """Names of columns in the tables of a program, each in the order in which they are looked for.

    Args:
        rt: of the response times.
        response: of the responses.
        person: of the participants.
        unit: of the response times; None where it shows in them only.
        also: what tells a table of the program from others.
        deadline: whether a column of this name is the time limit.
        signed: whether the program may write the times of responses 0 as negative ones.
    """

    rt: tuple[str, ...]
    response: tuple[str, ...]
    person: tuple[str, ...]
    unit: str | None = "s"
    also: tuple[str, ...] = ()
    deadline: bool = False
    signed: bool = False


_OWN = _Names(("rt",), ("response",), ("participant",), also=(SOURCE_FILE,), deadline=True)
_PROGRAMS = {
    ("hddm", "HDDM"): _Names(("rt",), ("response",), ("subj_idx",), signed=True),
    ("emc2", "EMC2"): _Names(("rt",), ("R",), ("subjects",)),
    ("fastdm", "fast-dm"): _Names(("TIME",), ("RESPONSE",), ()),
    ("hssm", "HSSM"): _Names(("rt",), ("response",), ("participant_id",), deadline=True),
    ("rtdists", "rtdists"): _Names(("rt",), ("response",), ("id",)),
}
_ANY = _Names((), (), (), None)


def _recognises(names: _Names, raw: Raw) -> bool:
    return all(
        not wanted or raw.columns & set(wanted) for wanted in (names.rt, names.response, names.person, names.also)
    ) and bool(names.rt)


def _read(names: _Names, program: str, table: pd.DataFrame, asked: Asked) -> Reading:
    rt_name = asked.rt or _column(table, names.rt, _RT, "response times", "rt", program)
    rt_column = cells.need(table, rt_name, program, "rt" if asked.rt else "")
    correct_name = _first(table, _CORRECT)
    response_name = _response(table, names, asked, correct_name, program)
    response = cells.need(table, response_name, program, "response" if asked.response else "")
    times = cells.seconds(rt_column, "s")
    unit = _unit(times, rt_name, names, asked)
    flipped = _flipped(times, response) if names.signed else np.zeros(len(times), dtype=bool)
    times = np.where(flipped, -times, times)
    rt_sentinel = np.isin(times, _SENTINELS) & _stand_out(times)
    response_sentinel = np.asarray(pd.to_numeric(response.astype(object), errors="coerce").isin(_SENTINELS), dtype=bool)
    missing = cells.nothing(response) | response_sentinel
    participant, how, column = people(table, asked, names.person, program)
    unanswered = _unanswered(times, rt_sentinel, missing, table, correct_name)
    missing = missing | unanswered
    correct = None if correct_name is None else cells.right_or_wrong(table[correct_name], missing)
    limit = table["deadline"] if "deadline" in table.columns and names.deadline else None
    return Reading(
        rows=np.ones(len(table), dtype=bool),
        participant=participant,
        rt=np.where(rt_sentinel, np.nan, times) / (1000.0 if unit == "ms" else 1.0),
        response=cells.labels(response, missing),
        correct=correct,
        deadline=None if limit is None else cells.seconds(limit, unit),
        read_as=cells.read_as(
            participant=how,
            rt=rt_name,
            unit=unit,
            response=f"column '{response_name}'",
            correct=correct_name,
            deadline=None if limit is None else "column 'deadline'",
        ),
        used=cells.names(rt_name, response_name, correct_name, column, None if limit is None else "deadline"),
        notes=(
            *_unsigned(flipped, rt_name),
            *_said(times, rt_sentinel, rt_name),
            *_said(response, response_sentinel, response_name),
            *_without(unanswered, response_name, correct_name),
        ),
    )


def _column(
    table: pd.DataFrame, own: Sequence[str], usual: Sequence[str], what: str, argument: str, program: str
) -> str:
    """The program's own name, else the one that is usual; asks where there are two."""
    found = [name for name in own if name in table.columns] or _all(table, usual)
    exact = [name for name in found if str(name).lower() == usual[0]]
    if len(exact) == 1:
        return exact[0]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(
            f"{listed(found)} could be the column of the {what}; say which, "
            f"{' or '.join(f'{argument}={name!r}' for name in found)}."
        )
    if own:
        cells.need(table, own[0], program, also=f"{argument}=")
    raise DataError(
        f"no program that is known wrote this table, and no column is called as {what} usually are; name it with "
        f"{argument}=, of {listed([name for name in table.columns if name != SOURCE_FILE])}."
    )


def _response(table: pd.DataFrame, names: _Names, asked: Asked, correct: str | None, program: str) -> str:
    """The column of the responses; where there is none, right and wrong are what is left."""
    if asked.response and not (asked.response == "correct" and correct):
        return asked.response
    if correct and not any(name in table.columns for name in names.response) and not _all(table, _RESPONSE):
        return correct
    return _column(table, names.response, _RESPONSE, "responses", "response", program)


def _all(table: pd.DataFrame, usual: Sequence[str]) -> list[str]:
    plainly = {str(column): re.sub(r"[^a-z]", "", str(column).lower()) for column in table.columns}
    return [column for column, name in plainly.items() if name in usual]


def _first(table: pd.DataFrame, usual: Sequence[str]) -> str | None:
    return next(iter(_all(table, usual)), None)


def _unit(times: FloatArray, name: str, names: _Names, asked: Asked) -> str:
    """The unit of the times: said, the program's, or what their median shows."""
    if asked.rt_unit is not None or names.unit is not None:
        return cells.unit_of(asked, names.unit or "s")
    there = times[np.isfinite(times) & (times > 0.0) & ~(np.isin(times, _SENTINELS) & _stand_out(times))]
    if not len(there):
        return "s"
    median = float(np.median(there))
    if median < _SECONDS:
        return "s"
    if median > _MILLISECONDS:
        return "ms"
    raise DataError(
        f"the times in column '{name}' have the median {median:g}, and may be seconds or milliseconds; say "
        "rt_unit='s' or rt_unit='ms'."
    )


def _flipped(times: FloatArray, response: pd.Series) -> BoolArray:
    """Times that are negative to say that the response was 0, if all of these are and no others."""
    code = pd.to_numeric(response.astype(object), errors="coerce").to_numpy(dtype=np.float64)
    negative = (times < 0.0) & ~np.isin(times, _SENTINELS)
    responded = np.isfinite(times) & np.isin(code, (0.0, 1.0)) & ~np.isin(times, _SENTINELS)
    as_signs = bool((negative == (code == 0.0))[responded].all()) and not (negative & ~responded).any()
    return negative if as_signs else np.zeros(len(times), dtype=bool)


def _unsigned(flipped: BoolArray, name: str) -> tuple[str, ...]:
    if not flipped.any():
        return ()
    count = counted(int(flipped.sum()), "row")
    return (
        f"column '{name}' is negative where the response is 0, as flip_errors makes it: the sign is taken off, {count}",
    )


def _stand_out(times: FloatArray) -> BoolArray:
    """Whether times are no ordinary ones: negative, or beyond ten times the median in a table in seconds."""
    positive = times[np.isfinite(times) & (times > 0.0) & (times != 999.0)]
    median = float(np.median(positive)) if len(positive) else 0.0
    return (times < 0.0) | (median < _SECONDS)


def _unanswered(
    times: FloatArray, sentinel: BoolArray, missing: BoolArray, table: pd.DataFrame, correct: str | None
) -> BoolArray:
    """Rows with a label in place of a response: they have neither a time nor right or wrong, which others have."""
    if correct is None:
        return np.zeros(len(table), dtype=bool)
    unjudged = cells.nothing(table[correct])
    return ~missing & unjudged & (np.isnan(times) | sentinel) if not unjudged.all() else unjudged & ~unjudged


def _without(rows: BoolArray, response: str, correct: str | None) -> tuple[str, ...]:
    if not rows.any():
        return ()
    count = int(rows.sum())
    return (
        f"{counted(count, 'row')} with a label in column '{response}', but neither a time nor a value "
        f"in column '{correct}', {'are' if count > 1 else 'is'} read as without a response",
    )


def _said(column: pd.Series | FloatArray, sentinel: BoolArray, name: str) -> tuple[str, ...]:
    if not sentinel.any():
        return ()
    codes = ", ".join(str(plain(code)) for code in pd.unique(np.asarray(column)[sentinel]))
    return (f"{codes} in column '{name}' is read as missing in {counted(int(sentinel.sum()), 'row')}",)


def _source(key: str, name: str, names: _Names) -> Source:
    return Source(key, name, partial(_recognises, names), partial(_read, names, name), plain=True)


OWN_TABLE = _source("hddm_sbi", "hs.read", _OWN)
MODEL_TABLES = tuple(_source(key, name, names) for (key, name), names in _PROGRAMS.items())
TABLE = Source("table", "a table of trials", lambda raw: True, partial(_read, _ANY, "a table of trials"), plain=True)
