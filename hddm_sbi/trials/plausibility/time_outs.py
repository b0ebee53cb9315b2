"""Many trials tied at the longest response time: time-outs that were recorded as responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.plausibility.chance import comparable, expected_ties, many_ties, smallest_step
from hddm_sbi.trials.plausibility.codes import coded
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import UNITS, BoolArray, FloatArray, IntArray, Recording

# At most one clean experiment in a hundred thousand is suspected.
_CHANCE = 1e-5

# Fewer time-outs than these do little.
_FEWEST = 3
_SMALLEST_SHARE = 0.005

# Different longest times that a sentence names.
_NAMED = 3

# Measured with v = 1, a = 2 and no lapses.
_ADVICE = (
    "these look like time-outs recorded as responses, which bias drift, boundary and lapses (3% of them make a drift "
    "of 1 come out as 1.18, and 17% as 2.99); if they are, set rt and response of these rows to missing and name the "
    "time limit with deadline="
)


class _Longest(NamedTuple):
    """A participant's trials tied at a longest time, and how many more than one to expect there."""

    rows: IntArray
    expected: float
    trials: int

    @property
    def tied(self) -> int:
        """Number of rows."""
        return len(self.rows)


def time_outs(recording: Recording) -> Iterator[Finding]:
    """Trials tied at the longest rt of all, then at participants' own, more than neighbouring values are tied."""
    times = comparable(recording.seconds)
    usable = np.isfinite(times) & (times > 0) & recording.choice_seen & ~coded(recording)
    if not usable.any():
        return
    overall = float(times[usable].max())
    people = recording.of_each(usable)
    finest = min(smallest_step(times[rows]) for rows in people)
    found = [_longest(times, rows, overall, finest) for rows in people]
    told: BoolArray = np.zeros(recording.n, dtype=np.bool_)
    if _too_many(found, _CHANCE / 3.0, pooled=True):
        told = usable & (times == overall)
        yield Finding("time-outs", "warning", _sentence(recording, told, "the longest response time"), told)
    own = [_longest(times, rows, None, finest) for rows in people]
    own = [longest for longest in own if not told[longest.rows].any()]
    single = [longest for longest in own if _too_many([longest], _CHANCE / 3.0 / len(people), pooled=False)]
    if _too_many(own, _CHANCE / 3.0, pooled=False):
        single = [longest for longest in own if longest.tied > 1]
    if single:
        rows: BoolArray = np.zeros(recording.n, dtype=np.bool_)
        rows[np.concatenate([longest.rows for longest in single])] = True
        whose = "their participant's longest response time" if recording.subjects else "the longest response time"
        yield Finding("time-outs", "warning", _sentence(recording, rows, whose), rows)


def _longest(times: FloatArray, own: IntArray, longest: float | None, finest: float) -> _Longest:
    """Of a participant's rows those at the time ``longest``, or at the participant's own longest."""
    if not len(own):
        return _Longest(own, 0.0, 0)
    time = float(times[own].max()) if longest is None else longest
    at = times[own] == time
    expected = expected_ties(times[own[~at]], time, max(1, int(at.sum())), finest)
    return _Longest(own[at], expected, len(own))


def _too_many(found: list[_Longest], chance: float, *, pooled: bool) -> bool:
    """Whether clean data have so many ties with less than the chance; ``pooled`` where all are at one time."""
    tied, trials = sum(longest.tied for longest in found), sum(longest.trials for longest in found)
    further = tied - 1 if pooled else sum(max(0, longest.tied - 1) for longest in found)
    enough = tied >= max(_FEWEST, _SMALLEST_SHARE * trials)
    return enough and further > 0 and many_ties(further, sum(longest.expected for longest in found)) < chance


def _sentence(recording: Recording, rows: BoolArray, longest: str) -> str:
    times = np.unique(comparable(recording.seconds)[rows]) / UNITS[recording.unit]
    values = [f"{time:.6g}" for time in times]
    value = enumerated(values) if len(values) <= _NAMED else f"such as {enumerated(values[:_NAMED])}"
    trials = int(np.isin(recording.subject, np.unique(recording.subject[rows])).sum())
    limit = f"{comparable(recording.seconds)[rows][0]:.6g} (seconds)" if len(times) == 1 else " (a column)"
    return (
        f"{int(rows.sum()):,} of {trials:,} trials{recording.whose(rows)} have exactly {longest} in column "
        f"'{recording.rt_name}', {value}, far more than neighbouring values are tied ({recording.at(rows)}): "
        f"{_ADVICE}{limit}."
    )
