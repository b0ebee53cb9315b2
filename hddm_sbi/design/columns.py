"""Columns of the user's table as formulas see them: checked, factors with remembered levels."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from hddm_sbi.design.within_between import PARTICIPANT, participants_of
from hddm_sbi.errors import DataError, FormulaError
from hddm_sbi.trials.missing import MARKERS, is_empty


@dataclass(frozen=True)
class Columns:
    """The columns that the formulas use, and the levels of those that are factors.

    Args:
        levels: for each column, its levels in order where it is a factor by type, else None.
        participant: columns whose combination is the participant, where a formula takes participants' means.
    """

    levels: dict[str, tuple[Any, ...] | None]
    participant: tuple[str, ...] = ()

    def prepare(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns of ``frame`` with numbers as NumPy arrays and factors as ordered categoricals.

        Raises:
            DataError: a column is missing, holds missing values, or a level that was not in the data.
        """
        columns = {}
        for name, levels in self.levels.items():
            if name not in frame.columns:
                raise DataError(f"the new data has no column '{name}', which the model's formulas use.")
            check_complete(frame, name)
            columns[name] = _numbers(frame[name]) if levels is None else _factor(frame[name], levels)
        prepared = pd.DataFrame(columns, index=frame.index)
        return (
            prepared.assign(**{PARTICIPANT: participants_of(frame, self.participant)}) if self.participant else prepared
        )


def read_columns(frame: pd.DataFrame, names: Iterable[str], parameter: str) -> Columns:
    """Check the columns that a parameter's formula names, and note the levels of its factors.

    Raises:
        FormulaError: a column does not exist or has missing values.
    """
    levels: dict[str, tuple[Any, ...] | None] = {}
    for name in names:
        if name not in frame.columns:
            raise FormulaError(
                f"the formula for '{parameter}' names the column '{name}', which the data does not have; "
                f"{suggestion(name, [str(column) for column in frame.columns])}"
            )
        check_complete(frame, name, f"the formula for '{parameter}' uses it, so fill them in or choose the rows to fit")
        if frame[name].dtype.kind in "mM":
            raise FormulaError(
                f"the column '{name}' holds times; the formula for '{parameter}' needs numbers or labels."
            )
        try:
            levels[name] = _levels(frame[name])
        except TypeError as error:  # lists, say
            raise FormulaError(
                f"the column '{name}' holds {type(frame[name].iloc[0]).__name__} values; the formula for '{parameter}' "
                "needs numbers or labels."
            ) from error
    return Columns(levels)


def suggestion(name: str, known: Collection[str]) -> str:
    """``did you mean 'conf'?``, or the list of known names."""
    same = [other for other in known if other.casefold() == name.casefold()]
    close = same or difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}."


def check_complete(frame: pd.DataFrame, name: str, advice: str = "fill them in") -> None:
    """Refuse missing values.

    Raises:
        FormulaError: the column has missing values, or words for them among measurements; names how many.
    """
    empty = is_empty(frame[name])
    if empty.any():
        missing = int(empty.sum())
        values = "1 missing value" if missing == 1 else f"{missing:,} missing values"
        raise FormulaError(f"the column '{name}' has {values}; {advice} (missing: {missing:,} of {len(frame):,} rows).")
    entries = frame[name].tolist() if frame[name].dtype == object else []
    words = [entry for entry in entries if isinstance(entry, str) and entry.strip() in MARKERS]
    if words and any(isinstance(entry, float) and not entry.is_integer() for entry in entries):
        raise FormulaError(
            f"the column '{name}' holds measurements and, in {len(words):,} of {len(frame):,} rows, text such as "
            f"{words[0]!r}; {advice}."
        )


def is_sign(column: pd.Series) -> bool:
    """Whether a prepared column holds numbers that are -1 or 1, and both occur: two conditions, coded by a sign."""
    return column.dtype.kind in "if" and set(column.unique().tolist()) == {-1, 1}


def is_code(column: pd.Series) -> bool:
    """Whether a prepared column holds numbers with two or three values, as codes of conditions and contrasts have."""
    return column.dtype.kind in "if" and column.nunique() in (2, 3)


def _levels(column: pd.Series) -> tuple[Any, ...] | None:
    """The levels of a factor: a categorical's own order, else sorted; None for numbers."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(column.cat.remove_unused_categories().cat.categories.tolist())
    if column.dtype == object:
        column = column.infer_objects()
    if is_numeric_dtype(column) and not is_bool_dtype(column):
        return None
    values = column.unique().tolist()
    try:
        return tuple(sorted(values))
    except TypeError:  # labels of several types have no order of their own
        return tuple(sorted(values, key=str))


def _factor(column: pd.Series, levels: tuple[Any, ...]) -> pd.Categorical:
    unseen = [value for value in column.unique().tolist() if value not in levels]
    if unseen:
        raise DataError(
            f"the column '{column.name}' has the level '{unseen[0]}', which was not in the data that the model was "
            f"built on; its levels are {', '.join(str(level) for level in levels)}."
        )
    return pd.Categorical(column.tolist(), categories=list(levels), ordered=True)


def _numbers(column: pd.Series) -> np.ndarray:
    if column.dtype == object:
        column = column.infer_objects()
    try:
        return column.to_numpy(dtype=np.int64 if is_integer_dtype(column) else np.float64)
    except (TypeError, ValueError):
        raise DataError(f"the column '{column.name}' held numbers when the model was built, but not here.") from None
