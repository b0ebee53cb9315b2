"""Events as the compiled driver reads them: in groups of one row and shape, equal ones once, with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.structs import FLOATS, INT, INTS, record_type
from hddm_sbi.likelihoods.base import ANY, BoolArray, FloatArray, IntArray
from hddm_sbi.likelihoods.events import Distinct, Part
from hddm_sbi.likelihoods.mixture import LOG_ZERO


class EventArrays(NamedTuple):
    """Groups of events, sorted by row; within a group by time.

    Args:
        weight: how often each event occurs, negative where its log probability is subtracted, shape (events,).
        log_lapse: log density or probability of each for a lapse that responds.
        first, last: events of each group: first, ..., last - 1.
        row: design row of each group, shape (groups,).
        never: whether never responding belongs to the events of a group.
        parts: first part of each group, and the end of the last.
        kind, choice: kind and choice of each part, as ``piece`` numbers them, shape (parts,).
        place: where the times of a part's first event stand among t1 and t2.
        t1, t2: times of all parts in seconds, one part after the other.
        chunk_rows, chunk_groups: first row and first group of each chunk of rows, and the ends of the last.
        n_rows, n_columns: the shape of theta.
        p_at, q_at: columns of the lapse probability and of the share of lapses that never respond; -1 without.
    """

    weight: FloatArray
    log_lapse: FloatArray
    first: IntArray
    last: IntArray
    row: IntArray
    never: IntArray
    parts: IntArray
    kind: IntArray
    choice: IntArray
    place: IntArray
    t1: FloatArray
    t2: FloatArray
    chunk_rows: IntArray
    chunk_groups: IntArray
    n_rows: int
    n_columns: int
    p_at: int
    q_at: int


EVENTS = record_type(
    EventArrays, weight=FLOATS, log_lapse=FLOATS, first=INTS, last=INTS, row=INTS, never=INTS, parts=INTS, kind=INTS,
    choice=INTS, place=INTS, t1=FLOATS, t2=FLOATS, chunk_rows=INTS, chunk_groups=INTS, n_rows=INT, n_columns=INT,
    p_at=INT, q_at=INT,
)  # fmt: skip


class Shape(NamedTuple):
    """The shape of theta, and its columns for the lapse probability and the share that never responds, -1 without."""

    n_rows: int
    n_columns: int
    p_at: int
    q_at: int


class _Group(NamedTuple):
    """Events of one row and one shape: first, ..., last - 1 of one kind."""

    row: int
    kind: int
    first: int
    last: int


def event_arrays(
    kinds: Sequence[Distinct], shape: Shape, n_choices: int, any_by_choice: bool, chunk: int
) -> EventArrays:
    """The arrays of distinct events of several kinds.

    Args:
        kinds: distinct events, those of one kind having the same parts throughout.
        shape: the shape of theta, and its columns for the lapses.
        n_choices: number of response options.
        any_by_choice: whether a part of any choice is taken apart into one for each.
        chunk: number of rows in a chunk; 0 puts all rows into one.
    """
    parts = [_parts(kind, n_choices if any_by_choice else 0) for kind in kinds]
    groups = sorted(
        (group for k, kind in enumerate(kinds) for group in _groups(k, kind, parts[k])), key=lambda group: group.row
    )
    offsets = np.cumsum([0, *(len(kind.number) for kind in kinds)])
    # where the times of each part begin
    lengths = [len(part.t1) for some in parts for part, _ in some]
    begins = np.cumsum([0, *lengths])
    numbers = np.cumsum([0, *(len(some) for some in parts)])
    by_group = [(g, parts[g.kind], begins[numbers[g.kind] :]) for g in groups]
    row = np.array([g.row for g in groups], dtype=np.int64)
    size = chunk or max(shape.n_rows, 1)
    rows = np.append(np.arange(0, shape.n_rows, size), shape.n_rows).astype(np.int64)
    return EventArrays(
        weight=_joined([kind.events.sign * kind.number for kind in kinds]),
        log_lapse=_joined([np.maximum(kind.events.lapse, LOG_ZERO) for kind in kinds]),
        first=np.array([offsets[g.kind] + g.first for g in groups], dtype=np.int64),
        last=np.array([offsets[g.kind] + g.last for g in groups], dtype=np.int64),
        row=row,
        never=np.array([kinds[g.kind].events.never for g in groups], dtype=np.int64),
        parts=np.cumsum([0, *(len(some) for _, some, _ in by_group)]).astype(np.int64),
        kind=np.array([part.kind for _, some, _ in by_group for part, _ in some], dtype=np.int64),
        choice=np.array([option[g.first] for g, some, _ in by_group for _, option in some], dtype=np.int64),
        place=np.array(
            [begin + g.first for g, some, begin_of in by_group for begin, _ in zip(begin_of, some, strict=False)],
            dtype=np.int64,
        ),
        t1=_joined([part.t1 for some in parts for part, _ in some]),
        t2=_joined([part.t2 for some in parts for part, _ in some]),
        chunk_rows=rows,
        chunk_groups=np.searchsorted(row, rows).astype(np.int64),
        n_rows=shape.n_rows,
        n_columns=shape.n_columns,
        p_at=shape.p_at,
        q_at=shape.q_at,
    )


def demand(kinds: Sequence[Distinct], n_rows: int, n_choices: int) -> BoolArray:
    """Which choices of which rows are asked for, (rows, choices)."""
    wanted = np.zeros((n_rows, n_choices), dtype=np.bool_)
    for kind in kinds:
        for part in kind.events.parts:
            everything = part.choice == ANY
            wanted[kind.events.row[everything]] = True
            wanted[kind.events.row[~everything], part.choice[~everything]] = True
    return wanted


def _parts(kind: Distinct, n_choices: int) -> list[tuple[Part, IntArray]]:
    """The parts of events with the choice of each, those of any choice taken apart where there are n_choices."""
    result = []
    for part in kind.events.parts:
        if n_choices and (part.choice == ANY).all():
            result += [(part, np.full(len(part.choice), choice)) for choice in range(n_choices)]
        else:
            result.append((part, part.choice))
    return result


def _groups(number: int, kind: Distinct, parts: list[tuple[Part, IntArray]]) -> list[_Group]:
    """The groups of events, which are sorted by row and choices."""
    columns = [kind.events.row, *(choice for _, choice in parts)]
    n = len(kind.number)
    new = np.ones(n, dtype=np.bool_)
    new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    start = np.flatnonzero(new)
    rows = kind.events.row[start]
    return [
        _Group(int(row), number, int(first), int(last))
        for row, first, last in zip(rows, start, np.append(start[1:], n), strict=True)
    ]


def _joined(arrays: Sequence[FloatArray]) -> FloatArray:
    return np.ascontiguousarray(np.concatenate([np.zeros(0), *arrays]), dtype=np.float64)
