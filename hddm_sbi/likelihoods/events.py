"""Events: what was seen of trials as unions of densities and of probabilities of choices between two times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.base import FloatArray, IntArray

# kinds of part, as the compiled pieces number them
DENSITY, MASS = 0, 1


class Part(NamedTuple):
    """One part of the events of some trials.

    Args:
        kind: ``DENSITY``, of a choice at t1, or ``MASS``, the probability of a choice between t1 and t2.
        choice: option index, or ``ANY`` of them, shape (events,).
        t1, t2: in seconds, shape (events,).
    """

    kind: int
    choice: IntArray
    t1: FloatArray
    t2: FloatArray

    def at(self, index: IntArray) -> Part:
        """The parts of some of the events."""
        return Part(self.kind, self.choice[index], self.t1[index], self.t2[index])


def density(choice: IntArray, rt: FloatArray) -> Part:
    """A choice at a time."""
    return Part(DENSITY, choice, rt, rt)


def mass(choice: IntArray | int, t1: FloatArray | float, t2: FloatArray | float) -> Part:
    """A choice between two times; never a negative interval."""
    choice, t1, t2 = np.broadcast_arrays(np.asarray(choice, np.int64), t1, t2)
    low = np.ascontiguousarray(t1, np.float64)
    return Part(MASS, np.ascontiguousarray(choice), low, np.maximum(low, t2))


@dataclass(frozen=True)
class Events:
    """Events of one shape, each of one trial.

    Args:
        trial: index of the trial that each belongs to, shape (events,).
        row: design row of that trial, shape (events,).
        parts: the disjoint parts whose union is the event.
        never: whether it is part of the events that there never is a response.
        sign: 1 where log probabilities are added, -1 where they are subtracted, as those of trials being kept are.
        lapse: log density or probability of each event for a lapse that responds, shape (events,).
    """

    trial: IntArray
    row: IntArray
    parts: tuple[Part, ...]
    never: bool
    sign: int
    lapse: FloatArray

    def at(self, index: IntArray) -> Events:
        """Some of the events."""
        parts = tuple(part.at(index) for part in self.parts)
        return replace(self, trial=self.trial[index], row=self.row[index], parts=parts, lapse=self.lapse[index])


class Distinct(NamedTuple):
    """Distinct events, sorted by row, choices and times.

    Args:
        events: one event of each kind, the first.
        number: how often each distinct event occurs, shape (distinct,).
        inverse: index of the distinct event that each event equals, shape (events,).
        trial: index of the trial of each event, shape (events,).
    """

    events: Events
    number: FloatArray
    inverse: IntArray
    trial: IntArray


def distinct(events: Events) -> Distinct:
    """Equal events once: the same row, choices and times, and the same density of lapses."""
    columns: list[npt.NDArray[Any]] = [events.row, *(part.choice for part in events.parts)]
    for part in events.parts:
        columns += [part.t1] if part.kind == DENSITY else [part.t1, part.t2]
    columns.append(events.lapse)
    # those that do not vary order nothing
    columns = [column for column in columns if len(column) and (column != column[0]).any()]
    n = len(events.trial)
    order = np.lexsort(columns[::-1]) if columns else np.arange(n)
    new = np.zeros(n, dtype=np.bool_)
    new[:1] = True
    for column in columns:
        ordered = column[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    start = np.flatnonzero(new)
    inverse = np.empty(n, dtype=np.int64)
    inverse[order] = np.cumsum(new) - 1
    return Distinct(events.at(order[start]), np.diff(start, append=n).astype(np.float64), inverse, events.trial)


def as_they_are(events: Events) -> Distinct:
    """The events in their order, each for itself."""
    n = len(events.trial)
    return Distinct(events, np.ones(n), np.arange(n), events.trial)
