"""Text -> a table of text: its separator, comments and decimal commas, its header and where that is repeated."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.bounds import CELL_BYTES, check_cell, check_columns
from hddm_sbi.reading.raw import Raw
from hddm_sbi.trials.columns import listed
from hddm_sbi.trials.missing import is_missing

_SEPARATORS = {",": "comma-separated text", "\t": "tab-separated text", ";": "semicolon-separated text"}
_BARS = {"|": "text separated by |"}
_BLANKS = {" ": "text separated by blanks"}
# Of the cells of a line so many are names of columns where it is a header once more.
_HEADER_AGAIN = 0.6
_DECIMAL_COMMA = r"[+-]?[0-9]+(?:,[0-9]+)?(?:[eE][+-]?[0-9]+)?"


def read_delimited(name: str, text: str, notes: Sequence[str] = ()) -> Raw:
    """The table in a text with a header.

    Lines that are blank or begin with # are no rows; a header within the table, where files were joined, is dropped and
    names the columns of what follows it.

    Args:
        name: of the file.
        text: with \\n at the ends of lines.
        notes: what was decided before.

    Raises:
        DataError: it is no such table, or was cut off.
    """
    longest = max(map(len, text.split("\n")))
    if longest > CELL_BYTES:
        check_columns(name, max(text.count(mark, 0, longest) for mark in _SEPARATORS))
        check_cell(name, longest)
    comments, body, skipped = _split_comments(text)
    body, titles = _without_title(body)
    skipped += titles
    separator, layout = _separator(name, body)
    header, *rows = _lines(name, body, separator)
    header = [cell.strip() for cell in header]
    check_columns(name, len(header))
    found, said = _tables(name, header, rows, skipped, ends=text.endswith("\n"))
    frame = pd.concat(found, ignore_index=True, sort=False).fillna("") if len(found) > 1 else found[0]
    if separator != ",":
        frame = frame.apply(_with_points)
    return Raw(name, frame, layout, (*notes, *said), comments)


def _split_comments(text: str) -> tuple[tuple[str, ...], str, int]:
    """Lines before the header that begin with #, the rest, and how many lines of the file come before that."""
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    comments = tuple(line.strip() for line in lines[:first] if line.strip())
    kept = lines[first:]
    # a line within a quoted cell may begin with # as well: those stay where the text has quotes
    if '"' not in text:
        kept = ["" if line.lstrip().startswith("#") else line for line in kept]
    return comments, "\n".join(kept), first


def _without_title(text: str) -> tuple[str, int]:
    """A text without a first line that has no tab before one that has several, as E-DataAid's exports begin."""
    title, _, rest = text.lstrip("\n").partition("\n")
    if title and "\t" not in title and "," not in title and _first_line(rest).count("\t") > 1:
        return rest, len(text) - len(text.lstrip("\n")) + 1
    return text, 0


def _first_line(text: str) -> str:
    return next((line for line in text.split("\n") if line.strip()), "")


def _separator(name: str, body: str) -> tuple[str, str]:
    first = _first_line(body)
    if not first:
        raise DataError(f"the file '{name}' holds comments and no table.")
    for marks in (_SEPARATORS, _BARS):
        fields = {mark: len(next(csv.reader([first], delimiter=mark))) for mark in marks if mark in first}
        if fields:
            best = max(fields, key=lambda mark: fields[mark])
            return best, marks[best]
    if len(first.split()) > 1:
        return " ", _BLANKS[" "]
    raise DataError(
        f"the file '{name}' is no table: no comma, semicolon, tab or blank separates names of columns in its first "
        f"line, {_short(first)!r}; a table needs a header and one row per trial."
    )


def _lines(name: str, body: str, separator: str) -> list[list[str]]:
    """Cells of each line that has any; a line's number is kept where it is empty, by an empty list."""
    csv.field_size_limit(CELL_BYTES)
    if separator == " ":
        return [line.split() for line in body.split("\n")]
    try:
        return list(csv.reader(body.split("\n"), delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise DataError(
                f"the file '{name}' ends within a quotation that was opened and not closed: it was cut off, or a "
                "quotation mark is left open; copy the file again, or delete its last line."
            ) from error
        if "field larger" in str(error):
            check_cell(name, CELL_BYTES + 1)
        # quotation marks within a cell that is not quoted, as people type them
        return list(csv.reader(body.split("\n"), delimiter=separator, skipinitialspace=True))


def _tables(
    name: str, header: list[str], rows: list[list[str]], skipped: int, *, ends: bool
) -> tuple[list[pd.DataFrame], list[str]]:
    """The table, or those that were joined, each with its own header, and what is to be said."""
    notes = []
    starts = [-1, *(i for i, row in enumerate(rows) if _is_header(row, header))]
    if len(starts) > 1:
        again = len(starts) - 1
        notes.append(
            f"its header stands {_times(again)} more within the table, where files were joined, and was dropped there"
        )
    last = max((i for i, row in enumerate(rows) if any(row)), default=-1)
    found = []
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        names = header if start < 0 else [cell.strip() for cell in rows[start]]
        _check_names(name, names)
        found.append(_frame(name, names, rows, range(start + 1, stop), skipped + 2))
    if last >= 0 and not ends and 0 < len(rows[last]) < len(names) and last not in starts:
        raise DataError(
            f"the file '{name}' ends in the middle of line {last + skipped + 2}, with {len(rows[last])} of "
            f"{len(names)} fields: it was cut off; copy it again, or delete that line to read the rest."
        )
    if not any(map(len, found)):
        raise DataError(
            f"the file '{name}' has a header ({listed(_trimmed(header)[:6])}{' ...' if len(header) > 6 else ''}) and "
            "no rows; it needs one row per trial."
        )
    return [frame for frame in found if len(frame)], notes


def _is_header(row: list[str], header: list[str]) -> bool:
    """Whether a line has names of columns for cells; most lines are told by their first cells."""
    if row == header:
        return True
    if len(row) < 2 or (row[0].strip() not in header and row[1].strip() not in header):
        return False
    cells = [cell.strip() for cell in row if cell.strip()]
    return len(cells) > 1 and sum(cell in header for cell in cells) >= _HEADER_AGAIN * len(cells)


def _frame(name: str, header: list[str], rows: list[list[str]], which: range, first_line: int) -> pd.DataFrame:
    width = len(header)
    found = []
    for i in which:
        row = rows[i]
        if not any(row):
            continue
        if len(row) > width:
            if any(cell.strip() for cell in row[width:]):
                raise DataError(
                    f"line {i + first_line} of the file '{name}' has {len(row)} fields, and its header names {width}; "
                    "a cell that holds the separator must be in quotation marks."
                )
            row = row[:width]
        found.append(row if len(row) == width else row + [""] * (width - len(row)))
    frame = pd.DataFrame(found, columns=range(width), dtype=object)
    frame = frame.apply(lambda column: column.str.strip()) if len(frame) else frame
    kept = [k for k in range(width) if header[k] or frame[k].ne("").any()]
    frame = frame[kept]
    frame.columns = pd.Index([header[k] or f"column {k + 1}" for k in kept])
    return frame


def _trimmed(header: list[str]) -> list[str]:
    """Names without the empty ones at the end, which a separator at the end of each line makes."""
    width = max((k + 1 for k, cell in enumerate(header) if cell), default=0)
    return header[:width]


def _check_names(name: str, header: list[str]) -> None:
    repeated = [column for column, count in Counter(header).items() if column and count > 1]
    if repeated:
        raise DataError(f"the file '{name}' has more than one column named {listed(repeated)}; rename all but one.")
    if not any(header):
        raise DataError(f"the file '{name}' has no names of columns in its first line.")


def _with_points(column: pd.Series) -> pd.Series:
    """Numbers with decimal points, where all are numbers and some have commas."""
    there = column[~is_missing(column)]
    if not there.str.contains(",", regex=False).any() or not there.str.fullmatch(_DECIMAL_COMMA).all():
        return column
    return column.str.replace(",", ".", regex=False)


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + " ..."
