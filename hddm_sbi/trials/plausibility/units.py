"""Response times in another unit than the rest: a participant's, a block's, or all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hddm_sbi.trials.plausibility.codes import coded
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import BoolArray, IntArray, Recording

# Decisions that a sequential sampling model describes take from a few hundred milliseconds to some seconds. A median
# above 50 (a minute of seconds) can only be milliseconds, one below 5 (five milliseconds) only seconds.
_LONGEST_S = 50.0
_SHORTEST_MS = 5.0

# A factor nearer to 1,000 than to 1.
_FAR = 1000.0**0.5

# The medians of a participant's two parts in different units: people slow down or speed up by less than five.
_LIKE_UNITS = (200.0, 5000.0)

# Single trials are pauses, or anticipations, and no block: it is at least so many trials and such a share, and as
# times in the other unit most of them lie in the range of the participant's other trials, widened by half.
_FEWEST = 3
_SMALLEST_SHARE = 0.05
_ALIKE = 0.75
_WIDER = 2.0

_OTHER = {"s": "milliseconds", "ms": "seconds"}
_CURE = {"s": "divide them by 1000", "ms": "multiply them by 1000"}
_WHOLE = {
    "s": 'too long for seconds; for milliseconds pass rt_unit="ms"',
    "ms": 'too short for milliseconds; for seconds pass rt_unit="s"',
}


def units(recording: Recording) -> Iterator[Finding]:
    """Blocks and participants in another unit than ``recording.unit``; else all, where their median says so."""
    usable = np.isfinite(recording.rt) & (recording.rt > 0) & ~coded(recording)
    if not usable.any():
        return
    own = recording.of_each(usable)
    mixed = [_other_rows(recording, rows) for rows in own]
    blocks = [person for person in recording.people if len(mixed[person])]
    rest = {person: own[person] for person in recording.people if len(own[person]) and not len(mixed[person])}
    people = _other_people(recording, usable, rest) if rest else []
    if people:
        rows = usable & np.isin(recording.subject, people)
        yield Finding("units", "error", _of_people(recording, usable, rows, people), rows)
    if blocks:
        rows = np.zeros(recording.n, dtype=np.bool_)
        rows[np.concatenate(mixed)] = True
        yield Finding("units", "error", _of_blocks(recording, usable, rows, blocks), rows)
    if not people and not blocks and usable.sum() > 1:
        median, times = float(np.median(recording.rt[usable])), recording.rt[usable]
        # more than half of them: the median of two trials may be half a pause
        if ((times > _LONGEST_S) if recording.unit == "s" else (times < _SHORTEST_MS)).mean() > 0.5:
            sentence = f"the median of column '{recording.rt_name}' is {median:g}, {_WHOLE[recording.unit]}."
            yield Finding("units", "error", sentence, usable)


def _other_rows(recording: Recording, rows: IntArray) -> IntArray:
    """The part of a participant's rows that is in another unit than the rest and than ``recording.unit``."""
    slow = recording.rt[rows] >= _LONGEST_S
    long, short, none = rows[slow], rows[~slow], rows[:0]
    if min(len(long), len(short)) < max(_FEWEST, _SMALLEST_SHARE * len(rows)):
        return none
    low, high = recording.rt[short], recording.rt[long]
    ratio = float(np.median(high) / np.median(low))
    if not _LIKE_UNITS[0] <= ratio <= _LIKE_UNITS[1]:
        return none
    few, many = (high / 1000.0, low) if len(high) < len(low) else (low, high / 1000.0)
    alike = (few >= many.min() / _WIDER) & (few <= many.max() * _WIDER)
    if alike.mean() < _ALIKE:
        return none
    return long if recording.unit == "s" else short


def _other_people(recording: Recording, usable: BoolArray, own: dict[int, IntArray]) -> list[int]:
    """The participants, of those given with their rows, whose times are all in another unit than the others'."""
    medians = np.array([np.median(recording.rt[rows]) for rows in own.values()])
    long = medians >= _LONGEST_S
    if long.all() or not long.any():
        return []
    other = long if recording.unit == "s" else ~long
    typical = float(np.median(medians[~other]))
    far = (medians / typical if recording.unit == "s" else typical / medians) > _FAR
    fractions = usable & (recording.rt != np.round(recording.rt))
    of_all = _Fractions(int(fractions.sum()), int(usable.sum()))
    return [
        person
        for (person, rows), median, suspected in zip(own.items(), medians, other & far, strict=True)
        if suspected and _impossible(recording.unit, median, _Fractions(int(fractions[rows].sum()), len(rows)), of_all)
    ]


class _Fractions(NamedTuple):
    """How many of some times are no whole numbers."""

    broken: int
    times: int

    @property
    def most(self) -> bool:
        """Whether more than half of them are."""
        return 2 * self.broken > self.times


def _impossible(unit: str, median: float, own: _Fractions, of_all: _Fractions) -> bool:
    """Whether a participant so far from the others cannot be one who paused, or who held down a key."""
    if unit == "s":
        # as milliseconds it must not be faster than people are; two trials or one may be pauses
        return median >= 100.0 and (own.times >= _FEWEST or median >= 190.0)
    others = _Fractions(of_all.broken - own.broken, of_all.times - own.times)
    return median < _SHORTEST_MS or (own.most and not others.most)


def _of_people(recording: Recording, usable: BoolArray, rows: BoolArray, people: list[int]) -> str:
    there, here = np.median(recording.rt[rows]), np.median(recording.rt[usable & ~rows])
    have, their = ("has", "this participant's") if len(people) == 1 else ("have", "theirs")
    cure = _CURE[recording.unit]
    if 2 * len(people) > len(recording.people):
        other = "ms" if recording.unit == "s" else "s"
        cure += f', or pass rt_unit="{other}" and {_CURE[other].replace("them", "those of the others")}'
    return (
        f"{recording.who(people)} in column '{recording.groupby}' {have} a median of {there:.4g} in column "
        f"'{recording.rt_name}', and the others one of {here:.4g}: {their} read as {_OTHER[recording.unit]} "
        f"({recording.at(rows)}); {cure}, so that all are in the unit that rt_unit says."
    )


def _of_blocks(recording: Recording, usable: BoolArray, rows: BoolArray, people: list[int]) -> str:
    whose = np.isin(recording.subject, people)
    total = int((usable & whose).sum())
    there, here = np.median(recording.rt[rows]), np.median(recording.rt[usable & whose & ~rows])
    return (
        f"{int(rows.sum()):,} of the {total:,} trials{recording.whose(rows)} have a median of {there:.4g} in column "
        f"'{recording.rt_name}', and the rest one of {here:.4g}: they read as {_OTHER[recording.unit]} "
        f"({recording.at(rows)}); {_CURE[recording.unit]}, so that all are in the unit that rt_unit says."
    )
