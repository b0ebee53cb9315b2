"""Events as the compiled driver reads them: in groups of one row and shape, equal ones once, with their weights."""

from __future__ import annotations

from typing import NamedTuple

from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.native.records import FLOATS, INT, INTS, record_type


class EventArrays(NamedTuple):
    """Groups of events, sorted by row; within a group by time.

    Args:
        weight: signed number of each event.
        log_lapse: log density or probability of each for a lapse that responds.
        bounds: first event of each group, and the end of the last.
        row: design row of each group.
        never: whether never responding belongs to the events of a group.
        parts: first part of each group, and the end of the last.
        kind, choice: of each part, see ``piece``.
        place: where the times of a part's first event stand among t1 and t2.
        t1, t2: in seconds.
        chunk_rows, chunk_groups: first row and first group of each chunk of rows, and the ends of the last.
        n_rows, n_columns: shape of theta.
        p_at, q_at: columns of the lapse probability and of the share of lapses that never respond; -1 without.
    """

    weight: FloatArray
    log_lapse: FloatArray
    bounds: IntArray
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
    EventArrays, weight=FLOATS, log_lapse=FLOATS, bounds=INTS, row=INTS, never=INTS, parts=INTS, kind=INTS,
    choice=INTS, place=INTS, t1=FLOATS, t2=FLOATS, chunk_rows=INTS, chunk_groups=INTS, n_rows=INT, n_columns=INT,
    p_at=INT, q_at=INT,
)  # fmt: skip
