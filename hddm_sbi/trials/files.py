"""Reading a delimited text file, for the command line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from functools import partial
from pathlib import Path

import pandas as pd
from pandas.api import types

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import listed
from hddm_sbi.trials.missing import MARKERS

# What PsychoPy and others write for nothing, and people for a condition.
_LABEL = "None"
_SEPARATORS = (",", ";", "\t")
# A spreadsheet in a language with decimal commas separates columns by semicolons. Either mark between two digits,
# filling a field, shows which is meant.
_DECIMAL = r"(?m)(?:^|;)\s*[+-]?\d+\{mark}\d+\s*(?=;|$)"
_ZEROS = r'(?m)(?:^|{mark})\s*"?0\d+"?\s*(?:{mark}|$)'
_SAVE_AS = "save the table as CSV (comma-separated text, UTF-8) first"


def read_csv(path: str | Path, labels: Collection[object] = ()) -> pd.DataFrame:
    """The table in a text file separated by commas, semicolons (also with decimal commas) or tabs, with a header.

    Numbers that begin with zeros, such as the participant 007, are text. Fields that are empty or say so (NA, n/a,
    null, ...) are missing; "None" is so in a column of numbers, and a label among other text.

    Args:
        path: of the file.
        labels: text that is a label although it reads as missing.

    Raises:
        DataError: there is no such file, it is empty, or it is not such a table.
    """
    path = Path(path)
    text = _read_text(path)
    separator, header = _header(path, text)
    decimal = "," if separator == ";" and _has_decimal(text, ",") and not _has_decimal(text, ".") else "."
    parse = partial(
        pd.read_csv, sep=separator, decimal=decimal, skipinitialspace=True, keep_default_na=False,
        na_values=["", *sorted(MARKERS - {_LABEL} - set(labels))],
    )  # fmt: skip
    try:
        df = parse(io.StringIO(text))
        if re.search(_ZEROS.replace("{mark}", separator), text):
            df = _with_zeros(df, parse(io.StringIO(text), dtype=str))
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise DataError(f"the file '{path}' is not a regular table: {reason}.") from error
    if not isinstance(df.index, pd.RangeIndex):
        raise DataError(f"the rows of the file '{path}' have more fields than its header names ({len(header)}).")
    if df.empty:
        raise DataError(f"the file '{path}' has a header but no rows; it needs one row per trial.")
    df.columns = pd.Index([str(column).strip() for column in df.columns])
    words = {_LABEL} | (MARKERS & set(labels))
    return df.apply(_numbers_beside_words, args=(words, decimal))


def _with_zeros(df: pd.DataFrame, text: pd.DataFrame) -> pd.DataFrame:
    """The table with those columns as text of which some entry is an integer that begins with zeros."""
    kept = [
        name
        for name in df.columns
        if types.is_numeric_dtype(df[name]) and text[name].str.fullmatch(r"\s*0\d+\s*").fillna(False).any()
    ]
    return df.assign(**{name: text[name].str.strip() for name in kept})


def _numbers_beside_words(column: pd.Series, words: Collection[str], decimal: str) -> pd.Series:
    """A column of numbers and words for nothing as numbers; any other as it is."""
    nothing = column.isin(words)
    if not nothing.any() or (nothing | column.isna()).all():
        return column
    rest = column[~nothing]
    numbers = pd.to_numeric(rest.str.replace(decimal, "."), errors="coerce")
    return column if (numbers.isna() & rest.notna()).any() else numbers.reindex(column.index)


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"there is no file '{path}'.") from error
    except OSError as error:
        raise DataError(f"the file '{path}' cannot be read: {error.strerror}.") from error
    if not content.strip():
        raise DataError(f"the file '{path}' is empty.")
    # Workbooks, compressed files and images hold NUL bytes; a PDF may not, but says what it is.
    if b"\0" in content or content.startswith((b"%PDF", b"PK\x03\x04", b"\x1f\x8b")):
        raise DataError(f"the file '{path}' is not a text file; {_SAVE_AS}.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"the file '{path}' is not UTF-8 text; {_SAVE_AS}.") from error


def _header(path: Path, text: str) -> tuple[str, list[str]]:
    """Separator and column names, from the first line that has any."""
    first_line = next(line for line in text.splitlines() if line.strip())
    splits = {mark: next(csv.reader([first_line], delimiter=mark, skipinitialspace=True)) for mark in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda mark: len(splits[mark]))
    header = [name.strip() for name in splits[separator]]
    if len(header) < 2:
        raise DataError(
            f"the file '{path}' is not a table: no comma, semicolon or tab separates column names in its first line; "
            f"{_SAVE_AS}."
        )
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise DataError(f"the file '{path}' has more than one column named {listed(repeated)}; rename all but one.")
    return separator, header


def _has_decimal(text: str, mark: str) -> bool:
    return re.search(_DECIMAL.replace("{mark}", mark), text) is not None
