"""A file's content -> the table in it, whatever program packed it; nothing in a file is ever evaluated or unpickled."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import PurePath

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.archives import check_zip
from hddm_sbi.reading.bounds import check_columns
from hddm_sbi.reading.delimited import read_delimited
from hddm_sbi.reading.eprime_log import is_log, read_log
from hddm_sbi.reading.json_text import looks_like_json, read_json
from hddm_sbi.reading.labelled import read_sav, read_stata
from hddm_sbi.reading.raw import File, Raw
from hddm_sbi.reading.rds import read_rds
from hddm_sbi.reading.text import decode
from hddm_sbi.trials.columns import listed

_PICKLES = (".pkl", ".pickle", ".psydat", ".npy", ".npz", ".joblib")


def read_table(file: File) -> Raw:
    """The table in a file.

    Raises:
        DataError: there is none, it is of a kind that is not read, or it was cut off.
    """
    name, suffix = file.name, PurePath(file.name).suffix.lower()
    if not file.content.strip():
        raise DataError(f"the file '{name}' is empty.")
    if suffix in _PICKLES or file.content.startswith((b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x93NUMPY")):
        raise DataError(
            f"the file '{name}' holds objects of Python, which could run whatever its author wanted, and is not "
            "opened; read the CSV that was written beside it."
        )
    reader = _BY_MARK.get(file.content[:4]) or _BY_SUFFIX.get(suffix)
    raw = reader(file) if reader else _read_text(file)
    check_columns(name, raw.frame.shape[1])
    raw.frame.columns = pd.Index([str(column) for column in raw.frame.columns])
    repeated = raw.frame.columns[raw.frame.columns.duplicated()].unique()
    if len(repeated):
        raise DataError(f"the file '{name}' has more than one column named {listed(repeated)}; rename all but one.")
    if not len(raw.frame):
        raise DataError(f"the file '{name}' holds a table without rows; it needs one row per trial.")
    return raw


def _read_text(file: File) -> Raw:
    text, encoding = decode(file)
    notes = () if encoding == "UTF-8" else (f"its text is encoded as {encoding}",)
    if looks_like_json(file.name, text):
        return read_json(file.name, text, notes)
    if is_log(text):
        return read_log(file.name, text, notes)
    return read_delimited(file.name, text, notes)


def _read_arrow(kind: str, read: Callable[[io.BytesIO], pd.DataFrame]) -> Callable[[File], Raw]:
    """A reader of a kind of file that pyarrow knows."""

    def reader(file: File) -> Raw:
        try:
            frame = read(io.BytesIO(file.content))
        except Exception as error:  # pyarrow's own, which have no class in common
            raise DataError(f"the file '{file.name}' is {kind} that is damaged or cut off; copy it again.") from error
        frame = frame.reset_index() if frame.index.name else frame.reset_index(drop=True)
        return Raw(file.name, frame, kind)

    return reader


def _read_excel(file: File) -> Raw:
    check_zip(file)
    try:
        sheets = pd.read_excel(
            io.BytesIO(file.content), sheet_name=None, engine="openpyxl", dtype=object, keep_default_na=False
        )
    except ImportError as error:
        raise DataError(
            f"reading Excel files takes openpyxl: pip install 'hddm-sbi[files]', or save '{file.name}' as CSV."
        ) from error
    except Exception as error:  # whatever openpyxl stumbles over
        raise DataError(
            f"the file '{file.name}' is an Excel workbook that is damaged or cut off; save it again."
        ) from error
    filled = {name: sheet for name, sheet in sheets.items() if len(sheet) and sheet.shape[1] > 1}
    if not filled:
        raise DataError(f"the workbook '{file.name}' has no sheet with a header and rows.")
    name, frame = next(iter(filled.items()))
    notes = (f"the sheet '{name}' was read, the first of {len(filled)}",) if len(filled) > 1 else ()
    return Raw(file.name, frame.astype(object).fillna(""), "an Excel workbook", notes)


def _parquet(content: io.BytesIO) -> pd.DataFrame:
    return pd.read_parquet(content, engine="pyarrow")


_read_parquet = _read_arrow("a Parquet file", _parquet)
_read_feather = _read_arrow("a Feather file", pd.read_feather)

_BY_MARK: dict[bytes, Callable[[File], Raw]] = {
    b"PAR1": _read_parquet,
    b"ARRO": _read_feather,
    b"PK\x03\x04": _read_excel,
    b"$FL2": read_sav,
    b"$FL3": read_sav,
}
_BY_SUFFIX: dict[str, Callable[[File], Raw]] = {
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".feather": _read_feather,
    ".arrow": _read_feather,
    ".xlsx": _read_excel,
    ".xlsm": _read_excel,
    ".sav": read_sav,
    ".zsav": read_sav,
    ".dta": read_stata,
    ".rds": read_rds,
}
