"""What a file holds before anybody asks what it means."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class File:
    """The content of a file, in memory.

    Args:
        name: as it is shown: the path, or that of the archive and the member's name.
        content: its bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True)
class Raw:
    """A table as it stands in a file.

    Args:
        name: of the file.
        frame: its cells; of text files text, "" where there is nothing; of others with the types that they state.
        layout: what kind of file it is, in words: "comma-separated text", "JSON", "an SPSS file".
        notes: what had to be decided to read it, a sentence each without its full stop.
        comments: lines before the table that are none of it.
        labels: what the variables are called in full, where the file says so.
    """

    name: str
    frame: pd.DataFrame
    layout: str
    notes: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """Names of its columns."""
        return frozenset(self.frame.columns)
