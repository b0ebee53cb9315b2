"""E-Prime's text log -> a table with a row for each frame; what is logged a block or a session goes onto its trials."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.raw import Raw

LEVEL = "Level"
LAYOUT = "an E-Prime text log"
_MARKS = ("*** Header Start ***", "*** LogFrame Start ***")
_PAIR = re.compile(r"([^:]+?)\s*:(?:\s(.*)|$)")

Frame = dict[str, str]


def is_log(text: str) -> bool:
    """Whether a text is such a log."""
    return any(mark in text[:20_000] for mark in _MARKS)


def read_log(name: str, text: str, notes: Sequence[str] = ()) -> Raw:
    """The frames of the lowest level of each kind as rows.

    A frame of a block is written when the block ends, behind those of its trials; its values go onto them as
    ``NAME[Block]``, as E-Prime's own export calls them. The header's values (Subject, Session, ...) go onto all.

    Args:
        name: of the file.
        text: of the log, or of several that were joined.
        notes: what was decided before.

    Raises:
        DataError: it was cut off within a frame, or has no frames.
    """
    rows: list[Frame] = []
    said = list(notes)
    sessions = [part for part in re.split(r"(?=\*\*\* Header Start \*\*\*)", text) if part.strip()]
    for session in sessions:
        found, whole = _session(name, session)
        rows += found
        if not whole:
            said.append("the session was broken off: it has no closing frame, and its header says whose it is")
    if not rows:
        raise DataError(f"the file '{name}' is an E-Prime text log without frames of trials.")
    return Raw(name, pd.DataFrame(rows, dtype=object).fillna(""), LAYOUT, tuple(said))


def _session(name: str, text: str) -> tuple[list[Frame], bool]:
    header: Frame = {}
    names: list[str] = []
    level = 0
    current: Frame | None = None
    waiting: list[Frame] = []  # frames whose blocks are not closed
    closed = False
    for line in map(str.strip, text.split("\n")):
        if line == "*** LogFrame Start ***":
            current = {LEVEL: str(level)}
        elif line == "*** LogFrame End ***" and current is not None:
            closed = level == 1
            waiting = _close(current, waiting, names) if not closed else waiting
            current = None
        elif (pair := _PAIR.fullmatch(line)) and not line.startswith("***"):
            key, value = pair[1], pair[2] or ""
            if current is not None:
                current.setdefault(key, value)
            elif key == "Level" and value.isdigit():
                level = int(value)
            elif key == "LevelName":
                names.append(value)
            else:
                header.setdefault(key, value)
    if current is not None:
        raise DataError(
            f"the file '{name}' is an E-Prime text log that ends within a frame: it was cut off; copy it again, or "
            "delete what follows the last '*** LogFrame End ***' to read the rest."
        )
    kept = [{k: v for k, v in frame.items() if not k.startswith("closed ")} for frame in waiting]
    return [{**header, **frame} for frame in kept], closed


def _close(frame: Frame, waiting: list[Frame], names: Sequence[str]) -> list[Frame]:
    """Put a frame's values onto the frames below it that came before, which it closes; or add it, where none did."""
    level = int(frame[LEVEL])
    key = f"closed {level}"
    below = [other for other in waiting if int(other[LEVEL]) > level and key not in other]
    if not below:
        return [*waiting, frame]
    suffix = names[level - 1] if level <= len(names) else f"level {level}"
    for other in below:
        other[key] = ""
        other.update({f"{name}[{suffix}]": value for name, value in frame.items() if name != LEVEL})
    return waiting
