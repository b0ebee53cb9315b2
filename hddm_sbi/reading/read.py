"""From files to one table of trials: puts the parts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.account import account, file_notes, shared_people
from hddm_sbi.reading.bounds import check_columns
from hddm_sbi.reading.paths import Found, Paths, open_files, short_names
from hddm_sbi.reading.raw import File, Raw
from hddm_sbi.reading.recognise import AUTO, recognise
from hddm_sbi.reading.rows import Where, parse_where
from hddm_sbi.reading.sources import SOURCES, Source
from hddm_sbi.reading.sources.base import SOURCE_FILE, Asked, LeftOut, Reading
from hddm_sbi.reading.sources.cells import as_text, values
from hddm_sbi.reading.tables import read_table

# A column of the file that has the name of one of the result's, and is not what that was read from.
_OTHER = "_in_file"
# Seconds between which the median of response times lies.
_FASTEST, _SLOWEST = 0.01, 100.0
# Bytes of a long file that show what it is.
_BEGINNING = 200_000


def read(
    files: Paths,
    source: str = AUTO,
    *,
    groupby: str | None = None,
    rt: str | None = None,
    response: str | None = None,
    rt_unit: str | None = None,
    where: str | None = None,
) -> pd.DataFrame:
    """The trials in files of experiment software, a statistics program or another model program.

    What is not said is found out; where two readings are possible, the error lists them with what to say. How it was
    read stands in ``df.attrs["reading"]``: ``print(df.attrs["reading"]["text"])``.

    Args:
        files: a file, a folder, a pattern such as ``"raw/*.csv"``, a zip or tar archive, or a list of these.
        source: ``"auto"``, or what wrote the files: jspsych, psychopy, labjs, opensesame, eprime, bids, expyriment,
            hddm, hssm, emc2, fastdm, rtdists, or table.
        groupby: column of the participant; ``"source_file"`` where each file is a participant's.
        rt: column of the response times.
        response: column of the responses.
        rt_unit: ``"s"`` or ``"ms"``, of the response times in the file.
        where: which rows are trials, by the file's own columns: ``"phase == 'test' and block > 1"``. Practice, and
            rows of kinds that are never answered, are left out unless it names their column.

    Returns:
        One row per trial with the columns ``participant`` (text), ``rt`` in seconds, ``response``, ``correct`` and
        ``deadline`` (seconds) where the files have them, ``source_file``, and those of the files. A trial without a
        response has neither ``rt`` nor ``response`` nor ``correct``.

    Raises:
        DataError: a file cannot be read, or not in one way only; says what it was taken for and what is missing.

    Example:
        >>> from pathlib import Path
        >>> header = "subject_nr,opensesame_version,practice,response,response_time,correct"
        >>> rows = ["07,4.0.24,yes,z,512,1", "07,4.0.24,no,m,634,1", "07,4.0.24,no,None,1500,0"]
        >>> _ = Path("subject-07.csv").write_text("\\n".join([header, *rows]))
        >>> df = read("subject-07.csv")
        >>> print(df[["participant", "rt", "response", "correct", "deadline"]].to_string(index=False))
        participant    rt response  correct  deadline
                 07 0.634        m        1       1.5
                 07   NaN      NaN     <NA>       1.5
        >>> print(df.attrs["reading"]["text"].splitlines()[7])
          left out     1 row: practice (practice = yes: 1)
    """
    rows = None if where is None else parse_where(where)
    tables, skipped = _tables(open_files(files), source)
    program = recognise(tables, source)
    table = _together(tables, program)
    left_out: list[LeftOut] = []
    by_file = rows is not None and rows.columns <= set(table.columns)
    if rows is not None and by_file:
        table = _filtered(table, rows, left_out)
    told_apart = rows.columns if rows is not None and by_file else frozenset()
    reading = program.read(table, Asked(groupby, rt, response, rt_unit, told_apart))
    _check_unit(reading, program)
    if not reading.rows.any():
        raise DataError(f"no row of '{tables[0].name}', read as {program.name}'s, is a trial.")
    result = _result(table, reading, response)
    left_out += reading.left_out
    if rows is not None and not by_file:  # it names columns of the result, such as participant
        result = _filtered(result, rows, left_out)
    notes = [*file_notes(tables), *skipped, *reading.notes, *shared_people(result)]
    result.attrs["reading"] = account(program, tables, reading, result, left_out, notes)
    return result


def is_export(files: Paths) -> bool:
    """Whether files have to be read: they are several, or not a plain table of text with a trial a row.

    Raises:
        DataError: there is none.
    """
    found = open_files(files)
    if len(found) != 1 or not found[0].named:
        return True
    try:
        raw = read_table(_beginning(found[0].file))
    except DataError:
        return False  # whoever reads it as a plain table says what is wrong with it
    return not raw.layout.endswith("text") or not recognise([raw]).plain


def _beginning(file: File) -> File:
    """The first lines of a long table of text, which tell as much as all; any other file."""
    content = file.content
    if len(content) <= _BEGINNING or b"\0" in content[:_BEGINNING] or content.lstrip()[:1] in (b"[", b"{"):
        return file
    return File(file.name, content[: content.rfind(b"\n", 0, _BEGINNING) + 1] or content)


def _tables(found: Sequence[Found], source: str) -> tuple[list[Raw], list[str]]:
    """The tables in the files; those of a folder that hold none are skipped, and said."""
    tables: list[Raw] = []
    failures: list[tuple[str, DataError]] = []
    for one in found:
        try:
            tables.append(read_table(one.file))
        except DataError as error:
            if one.named or not _is_aside(one.file.name):
                raise
            failures.append((one.file.name, error))
    tables, aside = _without_sidecars(tables, source)
    if not tables:
        raise failures[0][1] if failures else DataError("none of the files holds a table of trials.")
    names = [name for name, _ in failures] + aside
    return tables, [f"{name} is no table of trials and was passed over" for name in names]


def _is_aside(name: str) -> bool:
    """Whether a file that was found in a folder may be something else: notes, settings."""
    return name.lower().endswith((".txt", ".json", ".dat"))


def _without_sidecars(tables: Sequence[Raw], source: str) -> tuple[list[Raw], list[str]]:
    """Descriptions of columns that lie beside the data, as BIDS has them, are no data."""
    if len(tables) < 2:
        return list(tables), []
    aside = [raw for raw in tables if raw.layout == "JSON" and len(raw.frame) == 1]
    return [raw for raw in tables if raw not in aside] or list(tables), [raw.name for raw in aside]


def _together(tables: Sequence[Raw], program: Source) -> pd.DataFrame:
    frames = []
    short = short_names([raw.name for raw in tables])
    for raw in tables:
        frame = program.tidy(raw if program.plain else replace(raw, frame=as_text(raw.frame)))
        if SOURCE_FILE in frame:
            frame = frame.rename(columns={SOURCE_FILE: SOURCE_FILE + _OTHER})
        frames.append(frame.assign(**{SOURCE_FILE: short[raw.name]}))
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    table = pd.concat(frames, ignore_index=True, sort=False)
    check_columns(tables[0].name, table.shape[1])
    text = [name for name in table.columns if table[name].dtype == object or pd.api.types.is_string_dtype(table[name])]
    return table.assign(**{name: table[name].where(table[name].notna(), "") for name in text})


def _filtered(table: pd.DataFrame, where: Where, left_out: list[LeftOut]) -> pd.DataFrame:
    passed = where.rows(table)
    if not passed.any():
        raise DataError(f"where={where.text!r} leaves none of the {len(passed):,} rows.")
    if not passed.all():
        left_out.append(LeftOut(f"where={where.text!r}", {"": int((~passed).sum())}))
    return table[passed].reset_index(drop=True)


def _check_unit(reading: Reading, program: Source) -> None:
    """Ask where the times are none in the program's unit, as after somebody converted them."""
    times = reading.rt[reading.rows & (reading.rt > 0.0)]
    median = float(np.median(times)) if len(times) else 1.0
    if not _FASTEST < median < _SLOWEST:
        asked = "s" if median <= _FASTEST else "ms"
        raise DataError(
            f"the times read as {program.name}'s have the median {median:g} s, which is no response time; if they are "
            f"in other units, say rt_unit={asked!r}."
        )


def _result(table: pd.DataFrame, reading: Reading, response: str | None) -> pd.DataFrame:
    """The columns of the contract, and the others of the file."""
    rows = reading.rows
    own: dict[str, pd.Series] = {"participant": reading.participant.astype(object)}
    own["rt"] = pd.Series(reading.rt, index=table.index)
    own["response"] = reading.response
    if reading.correct is not None:
        own["correct"] = reading.correct
        if response == "correct":
            own["response"] = reading.correct
    if reading.deadline is not None:
        own["deadline"] = pd.Series(reading.deadline, index=table.index)
    own[SOURCE_FILE] = table[SOURCE_FILE]
    kept = {name: column[rows].reset_index(drop=True) for name, column in own.items()}
    for name in table.columns:
        if name == SOURCE_FILE or (name in own and name in reading.used):
            continue
        kept[f"{name}{_OTHER}" if name in own else str(name)] = values(table.loc[rows, name]).reset_index(drop=True)
    return pd.DataFrame(kept)


def known_sources() -> tuple[str, ...]:
    """What ``source`` may be."""
    return (AUTO, *(one.key for one in SOURCES))
