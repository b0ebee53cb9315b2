"""Bytes -> text: the mark at the beginning, else UTF-8, else the code page that older Windows programs write."""

from __future__ import annotations

import codecs
import re

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import File

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
# Characters that no program writes into a table.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def decode(file: File) -> tuple[str, str]:
    """The text of a file, with \\n at the ends of lines, and its encoding.

    Raises:
        DataError: it is empty, or no text in any of the encodings.
    """
    content = file.content
    if not content.strip():
        raise DataError(f"the file '{file.name}' is empty.")
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _clean(file, _decoded(file, content[len(mark) :], codec, name)), name
    unmarked = _utf16_without_mark(content)
    if unmarked:
        return _clean(file, _decoded(file, content, unmarked, "UTF-16")), "UTF-16"
    if b"\0" in content:
        raise DataError(_not_text(file))
    try:
        return _clean(file, content.decode("utf-8")), "UTF-8"
    except UnicodeDecodeError:
        # five bytes of the code page have no character
        return _clean(file, content.decode("cp1252", errors="replace")), "Windows-1252"


def _decoded(file: File, content: bytes, codec: str, name: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        where = "ends in the middle of a character: it was cut off" if error.end >= len(content) else "breaks off"
        raise DataError(
            f"the file '{file.name}' begins as {name} text and {where} at byte {error.start:,}; copy it again from the "
            "computer that wrote it."
        ) from error


def _utf16_without_mark(content: bytes) -> str | None:
    """The codec of UTF-16 text in which every other byte is zero, as of Western letters."""
    start = content[:2000]
    for offset, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = start[offset::2]
        if len(half) > 4 and half.count(0) > 0.9 * len(half) and start[1 - offset :: 2].count(0) == 0:
            return codec
    return None


def _clean(file: File, text: str) -> str:
    if not text.strip():
        raise DataError(f"the file '{file.name}' is empty.")
    if _CONTROL.search(text[:100_000]):
        raise DataError(_not_text(file))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _not_text(file: File) -> str:
    return (
        f"the file '{file.name}' is neither text nor of a kind that is read (Excel .xlsx, Parquet, Feather, SPSS, "
        "Stata, .rds); export the table as CSV."
    )
