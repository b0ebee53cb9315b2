"""E-Prime: its text log, and the tables that E-DataAid and E-Merge export."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.eprime_log import LAYOUT, LEVEL
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import Asked, Reading, Source
from hddm_sbi.reading.sources.kinds import PARTS, dropped, select
from hddm_sbi.reading.sources.people import people
from hddm_sbi.trials.columns import listed

_NAME = "E-Prime"
_MARKS = ("ExperimentName", "Subject", "Session", "SessionDate", "Display.RefreshRate", "RandomSeed")
_PARTS = ("Procedure", "Procedure[Trial]", "Procedure[Block]", "Running", "Running[Trial]", "Running[Block]", *PARTS)


def _recognises(raw: Raw) -> bool:
    return raw.layout == LAYOUT or len(raw.columns & set(_MARKS)) >= 3


def _read(table: pd.DataFrame, asked: Asked) -> Reading:
    rt = cells.rt_column(table, asked, asked.rt or _rt(table), _NAME)
    stem = str(rt.name).removesuffix(".RT")
    response = cells.response_column(table, asked, f"{stem}.RESP", _NAME)
    missing = cells.nothing(response)
    unit = cells.unit_of(asked, "ms")
    times = cells.seconds(rt, unit)
    there = ~np.isnan(times)
    chosen = select(table, ~missing & there, asked, kinds=(), parts=_PARTS, rows=there)
    level = table[LEVEL].astype(str) if LEVEL in table else pd.Series("row", index=table.index)
    participant, how, column = people(table, asked, ("Subject",), _NAME)
    right = f"{stem}.ACC"
    correct = cells.right_or_wrong(table[right], missing) if right in table else None
    return Reading(
        rows=chosen.rows,
        participant=participant,
        rt=np.where(missing & (np.nan_to_num(times) <= 0.0), np.nan, times),
        response=cells.labels(response, missing),
        correct=correct,
        read_as=cells.read_as(
            participant=how,
            rt=str(rt.name),
            unit=unit,
            response=f"column '{response.name}'; 0 ms without one is no time",
            correct=None if correct is None else right,
        ),
        used=cells.names(str(rt.name), str(response.name), right, column),
        left_out=(*dropped(f"no '{rt.name}', by level", "level " + level, ~there), *chosen.left_out),
    )


def _rt(table: pd.DataFrame) -> str:
    """The object whose response is that of the trial: the only one that was ever answered."""
    timed = [name for name in table.columns if name.endswith(".RT")]
    stems = [name.removesuffix(".RT") for name in timed]
    if not timed:
        raise DataError(
            f"the file reads as {_NAME}'s and has no column that ends on .RT; log RT, RESP and ACC of the stimulus. "
            f"Its columns are {listed(table.columns)}."
        )
    lacking = [stem for stem in stems if f"{stem}.RESP" not in table.columns]
    if len(lacking) == len(stems):
        cells.need(table, f"{stems[0]}.RESP", _NAME, also="response=")
    answered = [s for s in stems if s not in lacking and not cells.nothing(table[f"{s}.RESP"]).all()]
    if len(answered) > 1:
        named = ", ".join(f"rt='{stem}.RT'" for stem in answered)
        raise DataError(f"several objects of {_NAME} were answered; say which is the trial's: {named}.")
    if not answered:
        raise DataError(f"no object of {_NAME} was ever answered in these files: {listed(timed)} have no response.")
    return f"{answered[0]}.RT"


EPRIME = Source("eprime", _NAME, _recognises, _read)
