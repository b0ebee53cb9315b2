"""Cells -> values: times, labels, right and wrong, people; each column is looked at once, for all sources."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types

from hddm_sbi.errors import DataError
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked, BoolArray, FloatArray, counted
from hddm_sbi.trials.columns import listed, plain
from hddm_sbi.trials.missing import is_missing

_PER_SECOND = {"s": 1.0, "ms": 1000.0}
_UNIT_WORDS = {"s": "seconds", "ms": "milliseconds, converted to seconds"}
_WRONG = frozenset({"0", "0.0", "false", "no", "incorrect", "error", "wrong", "falsch", "nein", "faux", "fout"})
_RIGHT = frozenset({"1", "1.0", "true", "yes", "correct", "right", "richtig", "ja", "juste", "goed"})
_INTEGER = r"[+-]?(0|[1-9][0-9]{0,14})(\.0+)?"
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
# Floats are exact integers below this.
_EXACT = 2.0**53
# Unset variables of JavaScript and OpenSesame.
_UNSET = ("undefined", "NULL", "NA")


def read_as(
    *, participant: str, rt: str, unit: str, response: str, correct: str | None = None, deadline: str | None = None
) -> dict[str, str]:
    """What was read as what, in words, by column of the result.

    Args:
        participant: how they were found.
        rt: the column of the times.
        unit: its unit.
        response: the column of the responses, and what else is to be said of it.
        correct: the column of right and wrong, if there is one.
        deadline: where it stands, if anywhere.
    """
    words = {"participant": participant, "rt": f"column '{rt}', {_UNIT_WORDS[unit]}", "response": response}
    if correct is not None:
        words["correct"] = f"column '{correct}', missing without a response"
    return words if deadline is None else {**words, "deadline": deadline}


def names(*columns: str | None) -> frozenset[str]:
    """Columns of the file that were used."""
    return frozenset(column for column in columns if column is not None)


def rt_column(table: pd.DataFrame, asked: Asked, usual: str, source: str) -> pd.Series:
    """The column of the response times: the one that the user names, or the usual one.

    Raises:
        DataError: there is none.
    """
    return need(table, asked.rt or usual, source, "rt" if asked.rt else "", "rt=")


def response_column(table: pd.DataFrame, asked: Asked, usual: str, source: str) -> pd.Series:
    """The column of the responses: the one that the user names, or the usual one.

    Raises:
        DataError: there is none.
    """
    return need(table, asked.key or usual, source, "response" if asked.key else "", "response=")


def need(table: pd.DataFrame, column: str, source: str, argument: str = "", also: str = "") -> pd.Series:
    """A column that a file of a source has.

    Args:
        table: the rows.
        column: its name.
        source: name of the program, or what the table is.
        argument: by which the user named it, if so.
        also: what the user may say in place of it.

    Raises:
        DataError: there is none; what the file was taken for, and what is missing.
    """
    if column in table.columns:
        return table[column]
    names = listed([name for name in table.columns if name != SOURCE_FILE])
    if argument:
        raise DataError(f"{argument}={column!r} is no column of {_files(table)}; its columns are {names}.")
    raise DataError(
        f"{_files(table)} reads as {source}'s and has no column '{column}'; export it with that column"
        f"{f', or say {also}' if also else ''}. Its columns are {names}."
    )


def _files(table: pd.DataFrame) -> str:
    names = list(pd.unique(table[SOURCE_FILE])) if SOURCE_FILE in table.columns else []
    if len(names) == 1:
        return f"the file '{names[0]}'"
    return f"the files '{names[0]}' and {len(names) - 1} more" if names else "the table"


def nothing(column: pd.Series) -> BoolArray:
    """Whether each cell holds nothing, or a word for it; shape (n,)."""
    missing = is_missing(column)
    return missing if types.is_numeric_dtype(column) else missing | np.asarray(column.isin(_UNSET), dtype=bool)


def seconds(column: pd.Series, unit: str) -> FloatArray:
    """Times in seconds, NaN where there is none, shape (n,).

    Raises:
        DataError: a cell is no number.
    """
    missing = nothing(column)
    numbers = pd.to_numeric(column.astype(object).where(~missing, np.nan), errors="coerce")
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~missing & ~np.isfinite(values)
    if wrong.any():
        raise DataError(
            f"column '{column.name}' holds {counted(int(wrong.sum()), 'entry')} that read as no times, the first "
            f"{_short(column[wrong].iloc[0])}; name the column of the response times with rt=."
        )
    return values / _PER_SECOND[unit]


def unit_of(asked: Asked, usual: str) -> str:
    """The unit that the user said, or the program's.

    Raises:
        DataError: it is no unit that is known.
    """
    if asked.rt_unit is None:
        return usual
    if asked.rt_unit not in _PER_SECOND:
        raise DataError(f"rt_unit must be 's' for seconds or 'ms' for milliseconds, not {asked.rt_unit!r}.")
    return asked.rt_unit


def labels(column: pd.Series, missing: BoolArray | None = None) -> pd.Series:
    """Responses: whole numbers where all are, without a leading zero, else text; missing where there is none."""
    missing = nothing(column) if missing is None else missing | nothing(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.where(~missing)
    there = column[~missing]
    if types.is_bool_dtype(column.dtype):
        return column.astype(object).where(~missing)
    if types.is_numeric_dtype(column.dtype):
        numbers = there.astype(float)
        whole = bool(((numbers == np.floor(numbers)) & (numbers.abs() < _EXACT)).all())
        return column.where(~missing).astype("Int64") if whole else column.where(~missing)
    text = there.astype(str).str.strip()
    if len(text) and text.str.fullmatch(_INTEGER).all():
        return pd.to_numeric(text).astype(np.int64).astype("Int64").reindex(column.index)
    return (
        column.astype(object).where(~missing, np.nan).map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    )


def right_or_wrong(column: pd.Series, missing: BoolArray) -> pd.Series:
    """1 for right and 0 for wrong, missing where there was no response; labels in other words stay as they are.

    A category of two levels is in their order: the lower one is wrong.
    """
    missing = missing | nothing(column)
    if isinstance(column.dtype, pd.CategoricalDtype) and len(column.cat.categories) == 2:
        codes = pd.Series(column.cat.codes, index=column.index)
        return codes.where(~missing).astype("Int64")
    text = column.astype(str).str.strip().str.lower().where(~missing)
    if not text.dropna().isin(_WRONG | _RIGHT).all():
        return labels(column, missing)
    return text.map(lambda cell: int(cell in _RIGHT), na_action="ignore").astype("Int64")


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of any types as the text that a CSV of it has, "" for nothing."""
    return frame.apply(lambda column: column.astype(object).map(text_of).mask(column.isna(), ""))


def values(column: pd.Series) -> pd.Series:
    """Any other column: numbers where all are numbers without leading zeros, truth values, else text as it is."""
    if not (types.is_object_dtype(column.dtype) or types.is_string_dtype(column.dtype)):
        return column
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column
    missing = is_missing(column)
    there = column[~missing].astype(str).str.strip()
    if not len(there):
        return column.astype(object).where(~missing, np.nan)
    if there.str.fullmatch(_NUMBER).all() and not there.str.match(r"[+-]?0[0-9]").any():
        numbers = pd.to_numeric(there)
        whole = missing.any() and types.is_integer_dtype(numbers.dtype)  # which floats would print as 1.07e+09
        return (numbers.astype("Int64") if whole else numbers).reindex(column.index)
    if there.str.lower().isin(["true", "false"]).all() and not missing.any():
        return there.str.lower() == "true"
    kept = missing & np.asarray(column.astype(str).str.strip() != "None", dtype=bool)  # a label among text
    return column.astype(object).where(~kept, np.nan)


def text_of(cell: object) -> str:
    """A cell as people write it: 1 for 1.0."""
    return str(plain(cell)).strip()


def _short(cell: object) -> str:
    text = repr(cell)
    return text if len(text) <= 40 else text[:40] + " ..."
