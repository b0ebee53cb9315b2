"""PsychoPy and PsychoJS: the wide CSV, a row for each turn of a loop, and others between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import Asked, BoolArray, Reading, Source, counted
from hddm_sbi.reading.sources.kinds import dropped, select
from hddm_sbi.reading.sources.people import people
from hddm_sbi.reading.sources.psychopy_lists import first_of, has_lists, right_answers
from hddm_sbi.trials.columns import listed

_NAME = "PsychoPy"
_THIS = ".thisN"
_MARKS = ("psychopyVersion", "expName", "frameRate", "expStart", "thisRow.t", "date")
# The loop of each row: whose turn it was. A column of the result.
LOOP = "loop"


def _recognises(raw: Raw) -> bool:
    loops = any(name.endswith(_THIS) for name in raw.columns)
    keys = any(f"{name.removesuffix('.rt')}.keys" in raw.columns for name in raw.columns if name.endswith(".rt"))
    return "psychopyVersion" in raw.columns or len(raw.columns & set(_MARKS)) + 2 * loops + 2 * keys >= 4


def _version(raw: Raw) -> str:
    versions = raw.frame["psychopyVersion"].unique() if "psychopyVersion" in raw.columns else []
    found = [str(version) for version in versions if str(version).strip()]
    return found[0] if len(found) == 1 else ""


def _tidy(raw: Raw) -> pd.DataFrame:
    """Name the loop of each row, of loops within loops the inner one, which turns more often."""
    frame = raw.frame
    loops = _loops(frame)
    if not loops or LOOP in frame:
        return frame
    turns = {loop: int((frame[loop + _THIS] != frame[loop + _THIS].shift()).sum()) for loop in loops}
    named = pd.Series("", index=frame.index, dtype=object)
    for loop in sorted(loops, key=lambda loop: turns[loop]):
        named = named.mask(~cells.nothing(frame[loop + _THIS]), loop)
    return frame.assign(**{LOOP: named})


def _loops(frame: pd.DataFrame) -> list[str]:
    return [name.removesuffix(_THIS) for name in frame.columns if name.endswith(_THIS)]


@dataclass(frozen=True)
class _Component:
    """A keyboard (or button box) and the columns in which its answers are.

    Args:
        name: such as ``key_resp``, without its loop.
        keys: what was pressed, as text.
        rt: when.
        corr: what the program took for right, "" where it says nothing.
    """

    name: str
    keys: pd.Series
    rt: pd.Series
    corr: pd.Series | None

    @property
    def answered(self) -> BoolArray:
        """Rows with a key."""
        return ~cells.nothing(self.keys)


def _read(table: pd.DataFrame, asked: Asked) -> Reading:
    loops = _loops(table)
    in_loop = (
        np.asarray(table[LOOP].astype(str) != "", dtype=bool) if LOOP in table else np.ones(len(table), dtype=bool)
    )
    where = asked.where | ({LOOP} if any(name.endswith(_THIS) for name in asked.where) else set())
    asked = Asked(asked.groupby, asked.rt, asked.response, asked.rt_unit, where)
    found = _components(table, loops)
    if asked.rt is not None:
        wanted = _wanted(table, found, loops, asked.rt)
        in_loop = in_loop & _rows_of(table, loops, asked.rt)
        found = [wanted]
    any_answer = np.logical_or.reduce([component.answered for component in found]) & in_loop
    if not any_answer.any():
        raise DataError(
            f"no row within a loop of {_NAME} has a key: {listed([c.name for c in found])} were not answered."
        )
    chosen = select(table, any_answer, asked, kinds=(LOOP,), rows=in_loop)
    component = _one([c for c in found if (c.answered & chosen.rows).any()])
    keys, times, words, notes = _first(component, asked)
    missing = cells.nothing(keys)
    broken = _broken(component, chosen.rows, missing)
    rows = chosen.rows & ~broken
    correct, said = _correct(table, component, keys, missing, rows)
    participant, how, column = people(table, asked, ("participant",), _NAME)
    unit = cells.unit_of(asked, "s")
    unnamed = pd.Series("", index=table.index)
    return Reading(
        rows=rows,
        participant=participant,
        rt=np.where(missing, np.nan, cells.seconds(times.where(rows), unit)),
        response=cells.labels(keys.where(rows), missing),
        correct=correct,
        read_as={
            **cells.read_as(
                participant=how, rt=f"{component.name}.rt", unit=unit, response=f"column '{component.name}.keys'{words}"
            ),
            **({"correct": said} if correct is not None else {}),
        },
        used=cells.names(column),
        left_out=(
            *dropped("no turn of a loop that is read", unnamed, ~in_loop),
            *chosen.left_out,
            *dropped("broken off before the keyboard wrote anything", unnamed, broken),
        ),
        notes=notes if correct is not None or not said else (*notes, said),
    )


def _components(table: pd.DataFrame, loops: Sequence[str]) -> list[_Component]:
    """All that were answered, those of a loop and those without its name once."""
    names = [name.removesuffix(".keys") for name in table.columns if name.endswith(".keys")]
    bare = list(dict.fromkeys(_bare(name, loops) for name in names))
    if not bare:
        raise DataError(
            f"the file reads as {_NAME}'s and has no column that ends on .keys; a keyboard component writes one. Its "
            f"columns are {listed(table.columns)}."
        )
    found = [_component(table, name, [f"{loop}.{name}" for loop in loops]) for name in bare]
    timed = [component for component in found if component is not None]
    if not timed:
        cells.need(table, f"{bare[0]}.rt", _NAME, also="rt=")
    return timed


def _bare(name: str, loops: Sequence[str]) -> str:
    return next((name.removeprefix(f"{loop}.") for loop in loops if name.startswith(f"{loop}.")), name)


def _component(table: pd.DataFrame, name: str, in_loops: Sequence[str]) -> _Component | None:
    """Its columns; a loop's own, which only the loop's rows fill, come before those without its name."""

    def merged(ending: str) -> pd.Series | None:
        there = [f"{prefix}{ending}" for prefix in (*in_loops, name) if f"{prefix}{ending}" in table.columns]
        if not there:
            return None
        column = table[there[0]].astype(object)
        for other in there[1:]:
            column = column.where(column.astype(str).str.strip() != "", table[other])
        return column.where(column.notna(), "")

    keys, rt = merged(".keys"), merged(".rt")
    return None if keys is None or rt is None else _Component(name, keys, rt, merged(".corr"))


def _wanted(table: pd.DataFrame, found: Sequence[_Component], loops: Sequence[str], rt: str) -> _Component:
    """The component that the user names by its column of times."""
    cells.need(table, rt, _NAME, "rt")
    name = _bare(rt.removesuffix(".rt"), loops)
    component = next((component for component in found if component.name == name), None)
    if component is None:
        named = ", ".join(repr(f"{c.name}.rt") for c in found)
        raise DataError(f"rt={rt!r} has no column of keys beside it; columns that have are {named}.")
    return component


def _rows_of(table: pd.DataFrame, loops: Sequence[str], rt: str) -> BoolArray:
    """The rows of the loop with whose name a column begins, else all."""
    loop = next((loop for loop in loops if rt.startswith(f"{loop}.")), None)
    if loop is None or LOOP not in table:
        return np.ones(len(table), dtype=bool)
    return np.asarray(table[LOOP] == loop, dtype=bool)


def _one(found: Sequence[_Component]) -> _Component:
    if len(found) > 1:
        named = ", ".join(f"rt='{component.name}.rt'" for component in found)
        raise DataError(f"several keyboards of {_NAME} were answered in these rows; say which is the trial's: {named}.")
    return found[0]


def _first(component: _Component, asked: Asked) -> tuple[pd.Series, pd.Series, str, tuple[str, ...]]:
    """Keys and times, of several in a cell the first, or the last if the user says so; and how that is said."""
    if not has_lists(component.keys) and not has_lists(component.rt):
        return component.keys, component.rt, "", ()
    last = asked.response == "last"
    which = "last" if last else "first"
    keys, several = first_of(component.keys, last)
    times, _ = first_of(component.rt, last)
    other = "" if last else "; response='last' takes the last"
    return keys, times, f", of several keys the {which}", (f"{counted(several, 'cell')} with several keys{other}",)


def _broken(component: _Component, rows: BoolArray, missing: BoolArray) -> BoolArray:
    """Turns in which the keyboard wrote nothing at all: the session was ended there."""
    nothing = np.asarray(component.keys.astype(str).str.strip() == "", dtype=bool)
    others = rows & missing & ~nothing
    silent = component.corr is not None and np.asarray(component.corr.astype(str).str.strip() == "", dtype=bool)
    return rows & nothing & (silent if component.corr is not None else bool(others.any()))


def _correct(
    table: pd.DataFrame, component: _Component, keys: pd.Series, missing: BoolArray, rows: BoolArray
) -> tuple[pd.Series | None, str]:
    if component.corr is None:
        return None, ""
    if not has_lists(component.keys):
        return (
            cells.right_or_wrong(component.corr.where(rows, ""), missing),
            f"column '{component.name}.corr', missing without a response",
        )
    name = right_answers(table, component.keys, component.corr, rows & ~missing)
    if name is None:
        return None, (
            f"'{component.name}.corr' is 0 wherever a cell holds a list and is left out; compare the response with the "
            "right answer yourself"
        )
    right = (keys.astype(str).str.strip() == table[name].astype(str).str.strip(" '\"")).astype("Int64")
    return right.where(
        ~missing & rows
    ), f"the response compared with column '{name}' ('{component.name}.corr' is 0 for lists)"


PSYCHOPY = Source("psychopy", _NAME, _recognises, _read, _tidy, _version)
