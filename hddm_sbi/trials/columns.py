"""Finding columns, rows and labels in a user's table, and naming them in messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError

# A message stays readable with about this many names in it.
_MOST_NAMES = 20
# ... and rows are all named where they make about this many runs.
_MOST_RUNS = 6
# Floats are exact integers below this.
_EXACT = 2.0**53


def check_table(df: object) -> pd.DataFrame:
    """The table itself, if it is a DataFrame with rows and distinct column names.

    Raises:
        DataError: it is not.
    """
    if not isinstance(df, pd.DataFrame):
        raise DataError(f"the data must be a pandas DataFrame with one row per trial, not {type(df).__name__}.")
    if df.shape[0] == 0:
        raise DataError("the table has no rows; it needs one row per trial.")
    repeated = df.columns[df.columns.duplicated()].unique()
    if len(repeated):
        raise DataError(f"the table has more than one column named {listed(repeated)}; rename or drop all but one.")
    return df


def get_column(df: pd.DataFrame, name: object, argument: str) -> pd.Series:
    """The column that the argument (``rt``, ``response``, ``groupby``) names.

    Raises:
        DataError: there is no such column; the message suggests the closest and lists them.
    """
    if not isinstance(name, str):
        raise DataError(f"{argument} must be the name of one column, not {name!r}.")
    if name in df.columns:
        return df[name]
    if name in df.index.names:
        raise DataError(f"'{name}' is the index of the table and not a column; call df.reset_index() first.")
    closest = _closest(name, df.columns)
    hint = f"did you mean {argument}={closest!r}?" if closest else f"name the right one with {argument}."
    raise DataError(f"the table has no column '{name}'; {hint} Its columns are {listed(df.columns)}.")


def labels_of(column: pd.Series) -> tuple[npt.NDArray[np.int64], tuple[object, ...]]:
    """Code of each row and the labels the codes stand for, as plain Python values, in order of appearance.

    Missing values have the code -1, whatever the column's type. Labels of a categorical that no row has are left out.
    Whole numbers are integers, also in a column of floats, which a missing value makes of integers.

    Raises:
        DataError: the column holds values that cannot be labels, such as lists.
    """
    try:
        codes, found = pd.factorize(column)
    except TypeError as error:
        raise DataError(f"column '{column.name}' holds {type(column.iloc[0]).__name__} values, not labels.") from error
    labels = [plain(label) for label in found]
    # Arrow and nullable columns may hold NaN beside their own missing value.
    kept = [i for i, label in enumerate(labels) if label == label]
    code_of = np.full(len(labels) + 1, -1, dtype=np.int64)  # the last is that of a missing value
    code_of[kept] = np.arange(len(kept))
    return code_of[codes], tuple(labels[i] for i in kept)


def plain(value: object) -> object:
    """A label as a plain Python value; a float without a fraction is the integer that a person reads it as."""
    if isinstance(value, np.generic):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def first_row(rows: npt.NDArray[np.bool_], df_index: pd.Index) -> str:
    """Where the first marked row is, in words.

    A table as it came from a file is numbered as a text editor shows the file; another by its index.
    """
    position = int(np.flatnonzero(rows)[0])
    if _numbered_as_file(df_index):
        return f"in row {position + 2}, counting the header as row 1"
    return f"at index {plain(df_index[position])!r}"


def rows_in_words(rows: npt.NDArray[np.bool_], df_index: pd.Index) -> str:
    """Where the marked rows are: all of them where that is short, else how many and the first, named as there."""
    positions = np.flatnonzero(rows)
    if len(positions) == 1:
        return first_row(rows, df_index)
    starts = np.flatnonzero(np.diff(positions) != 1) + 1
    if len(starts) >= _MOST_RUNS:
        return f"{len(positions):,} rows, the first {first_row(rows, df_index)}"
    as_file = _numbered_as_file(df_index)
    name = (lambda i: str(i + 2)) if as_file else (lambda i: repr(plain(df_index[i])))
    runs = np.split(positions, starts)
    shown = [name(run[0]) if len(run) == 1 else f"{name(run[0])} to {name(run[-1])}" for run in runs]
    counted = ", counting the header as row 1" if as_file else ""
    return f"{'in rows' if as_file else 'at the indices'} {enumerated(shown)}{counted}"


def listed(names: Iterable[object]) -> str:
    """Names for a message, quoted where they are text, cut short where there are many."""
    shown = [repr(plain(name)) for name in names]
    rest = len(shown) - _MOST_NAMES
    return ", ".join(shown[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def enumerated(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _numbered_as_file(df_index: pd.Index) -> bool:
    return isinstance(df_index, pd.RangeIndex) and df_index.start == 0 and df_index.step == 1


def _closest(name: str, columns: pd.Index) -> str | None:
    by_lower = {str(column).strip().lower(): str(column) for column in columns}
    found = get_close_matches(name.strip().lower(), list(by_lower), n=1)
    return by_lower[found[0]] if found else None
