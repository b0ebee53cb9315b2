"""What a source is: a program whose files are known by their columns, and how its rows become trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.reading.raw import Raw

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

SOURCE_FILE = "source_file"


@dataclass(frozen=True)
class Asked:
    """What the user said, each None where it is to be found out.

    Args:
        groupby: column of the participant.
        rt: column of the response times.
        response: column of the responses.
        rt_unit: ``"s"`` or ``"ms"``.
        where: columns that the row filter names: what they tell apart was decided by the user.
    """

    groupby: str | None = None
    rt: str | None = None
    response: str | None = None
    rt_unit: str | None = None
    where: frozenset[str] = frozenset()

    @property
    def key(self) -> str | None:
        """The column of the responses, as the user named it; None where that is right and wrong, or nothing."""
        return None if self.response == "correct" else self.response


@dataclass(frozen=True)
class LeftOut:
    """Rows that are left out by a rule.

    Args:
        rule: why, in words.
        counts: how many, by kind of row.
    """

    rule: str
    counts: Mapping[str, int]

    @property
    def rows(self) -> int:
        """How many rows."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Reading:
    """What a source makes of a table; all arrays have its length.

    Args:
        rows: which rows are trials.
        participant: text.
        rt: seconds, NaN where there is none.
        response: labels, missing where there is none.
        correct: 0 and 1, or labels in their order, missing where there is no response; None if the file has none.
        deadline: seconds, NaN where there is none; None if the file has none.
        read_as: what was read as what, in words, by column of the result.
        used: columns of the file that the result has under a name of its own.
        left_out: rows that are no trials, by rule.
        notes: what else is to be said, each a sentence without its full stop.
    """

    rows: BoolArray
    participant: pd.Series
    rt: FloatArray
    response: pd.Series
    correct: pd.Series | None
    read_as: Mapping[str, str]
    used: frozenset[str]
    deadline: FloatArray | None = None
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def counted(count: int, thing: str) -> str:
    """A number of things: ``1 row``, ``1,200 rows``."""
    several = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else several}"


def _as_it_stands(raw: Raw) -> pd.DataFrame:
    return raw.frame


def _no_version(raw: Raw) -> str:
    return ""


@dataclass(frozen=True)
class Source:
    """A program that writes files.

    Args:
        key: by which the user names it.
        name: in messages.
        recognises: whether a table is one of its files.
        read: the trials in the rows of its files.
        tidy: a file's table with what its rows lack, each file by itself.
        version: which version wrote a file, where it says so.
        plain: whether its tables are trials already, one a row.
    """

    key: str
    name: str
    recognises: Callable[[Raw], bool]
    read: Callable[[pd.DataFrame, Asked], Reading]
    tidy: Callable[[Raw], pd.DataFrame] = field(default=_as_it_stands)
    version: Callable[[Raw], str] = field(default=_no_version)
    plain: bool = False
