"""BIDS: ``*_events.tsv`` and ``*_beh.tsv``, whose names say whose they are."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked, BoolArray, FloatArray, Reading, Source, counted
from hddm_sbi.reading.sources.bids_sidecar import descriptions
from hddm_sbi.reading.sources.kinds import dropped, select
from hddm_sbi.reading.sources.people import people
from hddm_sbi.trials.columns import listed

_NAME = "BIDS"
_FILE = re.compile(r"(?:^|_)sub-[A-Za-z0-9]+.*_(events|beh)$")
_ENTITIES = {"sub": "sub", "ses": "session", "task": "task", "run": "run"}
_RESPONSES = (
    "response",
    "response_key",
    "button",
    "key",
    "button_pressed",
    "choice",
    "response_button",
    "resp",
    "answer",
)
# What descriptions of columns say of a response, and not of its time.
_RESPONDED = re.compile(
    r"^(?!.*(time|latency|accura|correct)).*\b(response|responded|button|key|choice|answer)", re.I | re.S
)
_CORRECT = ("accuracy", "correct", "acc", "response_accuracy", "is_correct", "correctness")


def _recognises(raw: Raw) -> bool:
    stem = PurePath(raw.name).stem
    return bool(_FILE.search(stem)) or ({"onset", "duration"} <= raw.columns and raw.layout.startswith("tab"))


def _tidy(raw: Raw) -> pd.DataFrame:
    """What the file's name says of all rows: subject, session, task, run."""
    found = dict(re.findall(r"(?:^|_)(sub|ses|task|run)-([A-Za-z0-9]+)", PurePath(raw.name).stem))
    given: dict[str, Any] = {_ENTITIES[key]: value for key, value in found.items()}
    if "sub" in given:
        given["sub"] = f"sub-{given['sub']}"
    described = _described(raw)
    if described is not None:
        given["response"] = raw.frame[described]
    return raw.frame.assign(**{name: value for name, value in given.items() if name not in raw.frame})


def _described(raw: Raw) -> str | None:
    """The column that the description beside the file calls the response, where none is called so."""
    if raw.columns & set(_RESPONSES):
        return None
    found = [
        name
        for name, words in descriptions(raw.name).items()
        if name in raw.columns and _RESPONDED.search(words) and name not in (*_CORRECT, "response_time")
    ]
    return found[0] if len(found) == 1 else None


def _read(table: pd.DataFrame, asked: Asked) -> Reading:
    rt_column = cells.rt_column(table, asked, "response_time", _NAME)
    rt_name = str(rt_column.name)
    response_name = _response(table, asked)
    missing = cells.nothing(table[response_name])
    unit = cells.unit_of(asked, "s")
    times = cells.seconds(rt_column, unit)
    answered = ~np.isnan(times) | ~missing
    kinds = [name for name in ("task",) if name in table.columns]
    kept = _answered_kinds(table, answered)
    chosen = select(table, answered, asked, kinds=kinds, rows=kept)
    participant, how, column = people(table, asked, ("sub",) if "sub" in table else (), _NAME)
    correct_name = next((name for name in _CORRECT if name in table.columns), None)
    correct = None if correct_name is None else cells.right_or_wrong(table[correct_name], missing)
    return Reading(
        rows=chosen.rows,
        participant=participant,
        rt=times,
        response=cells.labels(table[response_name], missing),
        correct=correct,
        read_as=cells.read_as(
            participant="the file's name" if column == "sub" else how,
            rt=rt_name,
            unit=unit,
            response=f"column '{response_name}'",
            correct=correct_name,
        ),
        used=cells.names(rt_name, response_name, correct_name, column),
        left_out=(
            *dropped(
                "none of their trial_type has a response",
                table.get("trial_type", table[SOURCE_FILE]).astype(str),
                ~kept,
            ),
            *chosen.left_out,
        ),
        notes=_early(table, times, chosen.rows, rt_name),
    )


def _response(table: pd.DataFrame, asked: Asked) -> str:
    """The column of the responses, whose name the standard leaves free."""
    if asked.key is not None:
        return str(cells.response_column(table, asked, "response", _NAME).name)
    found = [name for name in _RESPONSES if name in table.columns]
    if not found:
        raise DataError(
            f"the file reads as {_NAME}'s, where columns of responses have names of their own, and none is called "
            f"'response': name it with response=, of {listed(table.columns)}."
        )
    return found[0]


def _answered_kinds(table: pd.DataFrame, answered: BoolArray) -> BoolArray:
    """Rows of a trial_type that is answered somewhere; without the column, of a response alone."""
    if "trial_type" not in table.columns:
        return np.ones(len(table), dtype=bool)
    seen = set(table["trial_type"][answered])
    return np.asarray(table["trial_type"].isin(seen), dtype=bool)


def _early(table: pd.DataFrame, times: FloatArray, rows: BoolArray, name: str) -> tuple[str, ...]:
    early = rows & (times < 0.0)
    count = int(early.sum())
    if not count:
        return ()
    return (
        f"{counted(count, 'response')} came before the stimulus (negative times, the first "
        f"{times[early][0]:g} s) and {'are' if count > 1 else 'is'} kept as such, which no model takes; to leave "
        f'{"them" if count > 1 else "it"} out: where="not {name} < 0"',
    )


BIDS = Source("bids", _NAME, _recognises, _read, _tidy)
