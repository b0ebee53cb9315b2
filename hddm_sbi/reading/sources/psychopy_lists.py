"""Cells of PsychoPy that hold several keys, such as ``['left', 'right']``, with ``[0.412, 0.655]`` beside them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hddm_sbi.reading.sources.base import BoolArray

_LIST = re.compile(r"\s*\[(.*)\]\s*", re.DOTALL)
_ENTRY = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^,\s'\"]+)")
# What people call the column of the right answer.
_ANSWERS = ("corrans", "correctans", "correctanswer", "correctresponse", "correctkey", "corrkey", "corrresp", "cresp")


def has_lists(column: pd.Series) -> bool:
    """Whether any cell holds a list."""
    return bool(column.astype(str).str.match(r"\s*\[").any())


def first_of(column: pd.Series, last: bool) -> tuple[pd.Series, int]:
    """The first, or last, entry of each cell's list, and how many cells have several; other cells as they are."""
    entries = column.map(_entries)
    several = int((entries.map(len) > 1).sum())
    return entries.map(lambda found: found[-1 if last else 0] if found else ""), several


def _entries(cell: object) -> list[str]:
    """Entries of a list by its text, which is not evaluated."""
    text = str(cell)
    inside = _LIST.fullmatch(text)
    if not inside:
        return [text.strip()]
    return ["".join(match) for match in _ENTRY.findall(inside[1])]


def right_answers(table: pd.DataFrame, keys: pd.Series, corr: pd.Series, rows: BoolArray) -> str | None:
    """The column of the right answer: what the program compared single keys with, else by its name."""
    named = [name for name in table.columns if re.sub(r"[^a-z]", "", str(name).lower()) in _ANSWERS]
    single = rows & ~np.asarray(keys.astype(str).str.match(r"\s*\["), dtype=bool)
    for name in named:
        right = table[name].astype(str).str.strip(" '\"") == keys.astype(str).str.strip()
        if (right[single].astype(int) == pd.to_numeric(corr[single], errors="coerce").fillna(0).astype(int)).all():
            return str(name)
    return None
