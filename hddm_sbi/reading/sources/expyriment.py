"""Expyriment: a commented head, then a row for each trial; keys are written as their codes."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import Asked, Reading, Source
from hddm_sbi.reading.sources.kinds import select
from hddm_sbi.reading.sources.people import people
from hddm_sbi.trials.columns import listed

_NAME = "Expyriment"
_RT = ("rt", "response_time", "reaction_time", "responsetime")
_KEY = ("key", "response", "button", "pressed_key", "keypress", "resp")
_CORRECT = ("correct", "accuracy", "acc", "is_correct")
# Codes of the arrows in SDL 2 (pygame 2) and SDL 1.
_ARROWS = {
    1073741904: "left", 1073741903: "right", 1073741906: "up", 1073741905: "down",
    276: "left", 275: "right", 273: "up", 274: "down",
}  # fmt: skip


def _recognises(raw: Raw) -> bool:
    return bool(raw.comments) and raw.comments[0].lower().lstrip("# ").startswith("expyriment")


def _version(raw: Raw) -> str:
    found = re.search(r"Expyriment\s+([\d.]+)", raw.comments[0]) if raw.comments else None
    return found[1] if found else ""


def _read(table: pd.DataFrame, asked: Asked) -> Reading:
    rt = cells.rt_column(table, asked, asked.rt or _one(table, _RT, "response times", "rt"), _NAME)
    response = cells.response_column(table, asked, asked.key or _one(table, _KEY, "responses", "response"), _NAME)
    missing = cells.nothing(response)
    unit = cells.unit_of(asked, "ms")
    times = cells.seconds(rt, unit)
    chosen = select(table, ~missing, asked, kinds=())
    participant, how, column = people(table, asked, ("subject_id",), _NAME)
    keys, words = _named_keys(cells.labels(response, missing))
    correct_name = next((name for name in _CORRECT if name in table.columns), None)
    correct = None if correct_name is None else cells.right_or_wrong(table[correct_name], missing)
    return Reading(
        rows=chosen.rows,
        participant=participant,
        rt=np.where(missing & np.isnan(times), np.nan, times),
        response=keys,
        correct=correct,
        read_as=cells.read_as(
            participant=how,
            rt=str(rt.name),
            unit=unit,
            response=f"column '{response.name}'{words}",
            correct=correct_name,
        ),
        used=cells.names(str(rt.name), str(response.name), correct_name, column),
        left_out=chosen.left_out,
    )


def _one(table: pd.DataFrame, names: tuple[str, ...], what: str, argument: str) -> str:
    """The column of the file, which is called as its author liked."""
    by_lower = {str(name).lower(): str(name) for name in table.columns}
    found = [by_lower[name] for name in names if name in by_lower]
    if not found:
        raise DataError(
            f"the file reads as {_NAME}'s, whose columns are called as the experiment's author liked, and none is "
            f"called {listed(names[:3])}: name the column of the {what} with {argument}=, of {listed(table.columns)}."
        )
    return found[0]


def _named_keys(keys: pd.Series) -> tuple[pd.Series, str]:
    """Codes of keys by their names, where one of them is an arrow."""
    codes = set(keys.dropna()) if keys.dtype == "Int64" else set()
    if not codes & set(_ARROWS):
        return keys, ""
    names = {code: _key(int(code)) for code in codes}
    words = ", ".join(f"{code} is {name!r}" for code, name in sorted(names.items()))
    return keys.astype(object).map(names, na_action="ignore"), f", codes of keys by name: {words}"


def _key(code: int) -> str:
    if code in _ARROWS:
        return _ARROWS[code]
    return chr(code) if 33 <= code < 127 else "space" if code == 32 else str(code)


EXPYRIMENT = Source("expyriment", _NAME, _recognises, _read, version=_version)
