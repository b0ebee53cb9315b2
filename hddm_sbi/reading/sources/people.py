"""Whose rows they are: a column, by the name that the program or people give it, or the file's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.sources import cells
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked
from hddm_sbi.trials.missing import is_missing

# Names for a person, in the order in which they are believed; compared in lower case, without _ and the like.
_PEOPLE = (
    "participant", "participantid", "participantnr", "participantcode", "subject", "subjectid", "subjectnr", "subjects",
    "subjidx", "subjid", "subj", "sub", "prolificpid", "prolificid", "workerid", "sonaid", "pid", "id", "code", "vp",
    "vpn", "vpnr", "vpcode", "proband", "probandid", "versuchsperson", "pp", "ppn", "ppnr", "sujet", "sujeto", "s",
)  # fmt: skip


def people(table: pd.DataFrame, asked: Asked, usual: Sequence[str], source: str) -> tuple[pd.Series, str, str | None]:
    """The participant of each row as text, how they were found, and the column, None for the files' names.

    Args:
        table: the rows.
        asked: may name the column, or ``source_file``.
        usual: names of the column in files of that program; none: the names that people use, else the file's name.
        source: name of the program.

    Raises:
        DataError: there is no such column, or some rows have nobody.
    """
    if asked.groupby == SOURCE_FILE:
        return _by_file(table), "the file's name", None
    name = asked.groupby or next((one for one in usual if one in table.columns), None)
    if asked.groupby:
        cells.need(table, asked.groupby, source, "groupby")
    if name is None:
        if usual:
            cells.need(table, usual[0], source, also=f"groupby={SOURCE_FILE!r} where each file is a participant's")
        name = _usual_person(table)
    if name is None:
        return _by_file(table), "the file's name", None
    column = table[name]
    found = column.map(cells.text_of).mask(is_missing(column))
    if found.dropna().str.fullmatch(r"[0-9]+\.0+").all():  # integers that were floats once
        found = found.str.replace(r"\.0+$", "", regex=True)
    if found.isna().any() and not found.isna().all():
        count = int(found.isna().sum())
        if asked.groupby or usual:
            raise DataError(
                f"column '{name}' says of {count:,} of {len(found):,} rows not whose they are; fill it in, name "
                f"another one with groupby=, or say groupby={SOURCE_FILE!r} where each file is a participant's."
            )
    if found.isna().any():
        return _by_file(table), "the file's name", None
    return found, f"column '{name}'", name


def person_column(table: pd.DataFrame) -> str | None:
    """The column that is called as people call participants, whatever it holds."""
    plainly = {re.sub(r"[^a-z]", "", str(column).lower()): str(column) for column in reversed(list(table.columns))}
    return next((plainly[name] for name in _PEOPLE if name in plainly), None)


def _usual_person(table: pd.DataFrame) -> str | None:
    name = person_column(table)
    if name is None or is_missing(table[name]).any():
        return None
    return name


def _by_file(table: pd.DataFrame) -> pd.Series:
    """Files by their names, with their folders where two have the same name."""
    stems = {name: PurePath(str(name)).stem for name in pd.unique(table[SOURCE_FILE])}
    if len(set(stems.values())) < len(stems):
        stems = {name: PurePath(str(name)).with_suffix("").as_posix() for name in stems}
    return table[SOURCE_FILE].map(stems)
