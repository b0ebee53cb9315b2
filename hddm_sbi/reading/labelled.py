"""SPSS and Stata files: codes with labels, and codes that are declared missing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading import sav_apart
from hddm_sbi.reading.raw import File, Raw
from hddm_sbi.reading.sources.base import counted
from hddm_sbi.trials.columns import plain

# The largest files take a minute.
_SECONDS = 600


def read_sav(file: File) -> Raw:
    """An SPSS file, labels in the order of their codes, declared missing codes as missing.

    Raises:
        DataError: pyreadstat is not installed, or the file is damaged.
    """
    if find_spec("pyreadstat") is None:
        raise DataError(
            f"reading SPSS files takes pyreadstat: pip install 'hddm-sbi[files]', or save '{file.name}' as CSV."
        )
    frame, columns = _read_apart(file)
    notes = []
    for column, ranges in columns["missing"].items():
        declared = pd.Series(False, index=frame.index)
        for low, high in ranges:
            values = frame[column]
            declared |= values == low if isinstance(low, str) else values.between(low, high)
        codes = ", ".join(str(plain(code)) for code in pd.unique(frame[column][declared]))
        frame[column] = frame[column].mask(declared)
        if declared.any():
            rows = counted(int(declared.sum()), "row")
            notes.append(f"{codes} in column '{column}', declared missing, is read as missing in {rows}")
    for column, labels in columns["labels"].items():
        frame[column] = _labelled(frame[column], dict(labels))
    described = tuple((name, label) for name, label in columns["described"])
    return Raw(file.name, frame, "an SPSS file", tuple(notes), labels=described)


def _read_apart(file: File) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table and what is known of its columns, read in another process: damaged files crash the reader."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "table.sav"
        copy.write_bytes(file.content)
        command = [sys.executable, "-P", str(Path(sav_apart.__file__)), str(copy), folder]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            subprocess.run(command, check=True, capture_output=True, env=environment, timeout=_SECONDS)
            frame = pd.read_parquet(Path(folder) / sav_apart.TABLE)
            columns = json.loads((Path(folder) / sav_apart.COLUMNS).read_text(encoding="utf-8"))
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            raise DataError(
                f"the file '{file.name}' is an SPSS file that is damaged or cut off; save it again, or as CSV."
            ) from error
    return frame, columns


def read_stata(file: File) -> Raw:
    """A Stata file, labels in the order of their codes.

    Raises:
        DataError: it is damaged.
    """
    try:
        with pd.io.stata.StataReader(io.BytesIO(file.content), convert_categoricals=False) as reader:
            frame = reader.read()
            value_labels, described = reader.value_labels(), reader.variable_labels()
            by_column = dict(zip(frame.columns, getattr(reader, "_lbllist", ()), strict=False))
    except Exception as error:  # whatever pandas stumbles over
        raise DataError(f"the file '{file.name}' is a Stata file that is damaged or cut off; save it again.") from error
    for column, label in by_column.items():
        if label in value_labels:
            frame[column] = _labelled(frame[column], value_labels[label])
    return Raw(file.name, frame, "a Stata file", labels=tuple((k, v) for k, v in described.items() if v))


def _labelled(column: pd.Series, labels: Mapping[Any, str]) -> pd.Series:
    """An ordered category where every code has a label of its own; else the codes."""
    codes = pd.unique(column.dropna())
    if not set(codes) <= set(labels) or len(set(labels.values())) < len(labels):
        return column
    order = [labels[code] for code in sorted(labels) if code in set(codes)]
    return pd.Series(pd.Categorical(column.map(labels), categories=order, ordered=True), index=column.index)
