"""How large a file may be: what goes beyond was not written by an experiment, and would fill the computer's memory."""

from __future__ import annotations

from hddm_sbi.errors import DataError

# The largest exports that people have, mouse tracks included, are some hundred megabytes.
FILE_BYTES = 2**30
# An archive, unpacked; and its members.
ARCHIVE_BYTES = 2 * 2**30
ARCHIVE_MEMBERS = 20_000
# A cell with the mouse track of a trial has some hundred kilobytes.
CELL_BYTES = 10 * 2**20
# PsychoPy's widest tables have some thousand columns.
COLUMNS = 10_000


def check_size(name: str, size: int) -> None:
    """Refuse a file that is too large.

    Raises:
        DataError: it is.
    """
    if size > FILE_BYTES:
        raise DataError(
            f"the file '{name}' has {size / 2**20:,.0f} MB, and files of more than {FILE_BYTES / 2**20:,.0f} MB are "
            "not read; split it, one file a participant."
        )


def check_columns(name: str, count: int) -> None:
    """Refuse a table that is too wide.

    Raises:
        DataError: it is.
    """
    if count > COLUMNS:
        raise DataError(
            f"the file '{name}' has {count:,} columns, and a table of trials has at most {COLUMNS:,}; it needs one row "
            "per trial, not one column."
        )


def check_cell(name: str, size: int) -> None:
    """Refuse a cell that is too long.

    Raises:
        DataError: it is.
    """
    if size > CELL_BYTES:
        raise DataError(
            f"the file '{name}' has a cell of {size / 2**20:,.0f} MB, and cells of more than "
            f"{CELL_BYTES / 2**20:,.0f} MB are not read; a quotation mark may be left open there."
        )
