"""What a model supplies to the compiled driver: its two primitives for a block of trials, and their derivatives.

A piece is four C functions over one record. Theta and its derivatives are those of one row, (parameters,), or in
``begin`` and ``finish`` of the rows of a chunk, (n_rows, n_columns); parameters beyond the model's own, of lapses,
stand after them.

    begin(record, slot, first_row, n_rows, n_columns, theta)
        Before the trials of a chunk of rows: whatever is done once for each row. Address 0: nothing.
    fill(record, slot, kind, choice, row, n, theta, t1, t2, out)
        Fill out (n,) with the log density of the choice at t1, sorted, or with the log probability of the choice
        between t1 and t2; ``LOG_ZERO`` in place of the logarithm of zero. What ``pull`` needs may be kept in the slot.
    pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta)
        Add the sum of weight (n,) times the derivatives of what was filled last, by theta. No weight is NaN; those of
        trials whose logarithm is ``LOG_ZERO`` are zero.
    finish(record, slot, first_row, n_rows, n_columns, theta, by_theta)
        After the trials of these rows: whatever derivatives are added up by row. Address 0: nothing.

Rows come in order; within a row, blocks of trials and choices may come in any order and more than once. A slot is
working memory that one thread uses at a time.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from numba.core import types
from numba.extending import intrinsic

from hddm_sbi.compiled.calls import call_address
from hddm_sbi.compiled.compiling import summing
from hddm_sbi.compiled.structs import INT, POINTER, record_type
from hddm_sbi.likelihoods.base import BoolArray, FloatArray

# kinds of primitive
DENSITY, MASS = 0, 1
# trials in a block, at most: what is known of them fits the first-level cache
BLOCK = 128

BEGIN_SIGNATURE = types.void(*[types.int64] * 5, POINTER)
FILL_SIGNATURE = types.void(*[types.int64] * 6, *[POINTER] * 4)
PULL_SIGNATURE = types.void(*[types.int64] * 6, *[POINTER] * 5)
FINISH_SIGNATURE = types.void(*[types.int64] * 5, *[POINTER] * 2)


class Piece(NamedTuple):
    """The addresses of a piece's functions, and of the record that they take."""

    fill: int
    pull: int
    record: int
    begin: int = 0
    finish: int = 0


class CompiledPiece(NamedTuple):
    """A likelihood's piece, ready for the driver.

    Args:
        piece: the addresses of the C functions and of their record.
        keep: whatever must stay alive as long as these are used.
        chunk: rows, at most, between ``begin`` and ``finish``; 0 for all.
    """

    piece: Piece
    keep: object
    chunk: int = 0


@runtime_checkable
class Compiled(Protocol):
    """A density whose primitives may be compiled."""

    @property
    def any_by_choice(self) -> bool:
        """Whether the piece is asked for each choice in turn in place of any of them."""
        ...

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece | None:
        """The piece; None where the primitives are not compiled after all.

        Args:
            demand: which choices will be asked for, (rows, choices).
            slots: threads that may use it at a time.
        """
        ...


@summing
def weighted(weight: FloatArray, slope: FloatArray) -> float:
    """The sum of weight (n,) times derivatives, (n or more,)."""
    total = 0.0
    for i in range(len(weight)):
        total += weight[i] * slope[i]
    return total


PIECE = record_type(Piece, fill=INT, pull=INT, record=INT, begin=INT, finish=INT)


@intrinsic
def call_begin(typingctx, function, record, slot, first_row, n_rows, n_columns, theta):  # type: ignore[no-untyped-def]
    """Call a piece's ``begin``."""
    return types.none(*[types.int64] * 6, theta), call_address


@intrinsic
def call_fill(typingctx, function, record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    """Call a piece's ``fill``."""
    return types.none(*[types.int64] * 7, theta, t1, t2, out), call_address


@intrinsic
def call_pull(  # type: ignore[no-untyped-def]
    typingctx, function, record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta
):
    """Call a piece's ``pull``."""
    return types.none(*[types.int64] * 7, theta, t1, t2, weight, by_theta), call_address


@intrinsic
def call_finish(  # type: ignore[no-untyped-def]
    typingctx, function, record, slot, first_row, n_rows, n_columns, theta, by_theta
):
    """Call a piece's ``finish``."""
    return types.none(*[types.int64] * 6, theta, by_theta), call_address
