"""OpenSesame and OSWeb: a row for each time that the logger ran, with all variables."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked, Reading, Source
from hddm_sbi.reading.sources.kinds import select
from hddm_sbi.reading.sources.people import people
from hddm_sbi.reading.sources.timeouts import deadline_of

_NAME = "OpenSesame"
_MARKS = (
    "opensesame_version",
    "opensesame_codename",
    "subject_nr",
    "subject_parity",
    "response_time",
    "experiment_path",
)


def _recognises(raw: Raw) -> bool:
    return len(raw.columns & set(_MARKS)) >= 3 or {"opensesame_version", "response"} <= raw.columns


def _version(raw: Raw) -> str:
    versions = raw.frame["opensesame_version"].unique() if "opensesame_version" in raw.columns else []
    return str(versions[0]) if len(versions) == 1 else ""


def _read(table: pd.DataFrame, asked: Asked) -> Reading:
    rt_name, item = _rt(table, asked)
    rt = cells.rt_column(table, asked, rt_name, _NAME)
    response = cells.response_column(table, asked, f"response{item}", _NAME)
    missing = cells.nothing(response)
    unit = cells.unit_of(asked, "ms")
    times = cells.seconds(rt, unit)
    ran = ~np.isnan(times)
    chosen = select(table, ~missing & ran, asked, kinds=(), rows=ran | ~missing)
    participant, how, column = people(table, asked, ("subject_nr",), _NAME)
    deadline, remark = deadline_of(times, missing, table[SOURCE_FILE], chosen.rows)
    correct_name = next((name for name in (f"correct{item}", "correct") if name in table.columns), None)
    correct = None if correct_name is None else cells.right_or_wrong(table[correct_name], missing)
    return Reading(
        rows=chosen.rows,
        participant=participant,
        rt=np.where(missing, np.nan, times),
        response=cells.labels(response, missing),
        correct=correct,
        deadline=deadline,
        read_as=cells.read_as(
            participant=how,
            rt=str(rt.name),
            unit=unit,
            response=f"column '{response.name}'; 'None' is no response",
            correct=correct_name,
            deadline=None if deadline is None else f"column '{rt.name}' of the trials without a response",
        ),
        used=cells.names(str(rt.name), str(response.name), correct_name, column),
        left_out=chosen.left_out,
        notes=(remark,) if remark else (),
    )


def _rt(table: pd.DataFrame, asked: Asked) -> tuple[str, str]:
    """The column of the times and the ending of the item whose response it is."""
    items = [name for name in table.columns if re.fullmatch(r"response_time_.+", name)]
    items = [name for name in items if not cells.nothing(table[name]).all()]
    if asked.rt is not None:
        return asked.rt, asked.rt.removeprefix("response_time") if asked.rt in items else ""
    if len(items) > 1:
        named = ", ".join(f"rt={name!r}" for name in items)
        raise DataError(f"several items of OpenSesame collected responses; say which is that of the trial: {named}.")
    return "response_time", ""


OPENSESAME = Source("opensesame", _NAME, _recognises, _read, version=_version)
