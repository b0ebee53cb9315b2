"""What a model supplies to the compiled driver: its two primitives for a block of trials, and their derivatives.

A piece is C functions over one record; those for masses may be others than those for densities, so that only fits that
need them compile them. Theta and its derivatives are those of one row, (parameters,), or in ``begin`` and ``finish`` of
the rows of a chunk, (n_rows, n_columns); parameters beyond the model's own, of lapses, stand after them.

    begin(record, slot, first_row, n_rows, n_columns, theta)
        Before the trials of a chunk of rows: whatever is done once for each row. Address 0: nothing.
    fill(record, slot, kind, choice, row, n, theta, t1, t2, out), and fill_mass
        Fill out (n,) with the log density of the choice at t1, sorted, or with the log probability of the choice
        between t1 and t2; ``LOG_ZERO`` in place of the logarithm of zero. What ``pull`` needs may be kept in the slot.
    pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta), and pull_mass
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
from hddm_sbi.compiled.structs import INT, POINTER, CFunction, record_type
from hddm_sbi.likelihoods.base import BoolArray

# kinds of primitive
DENSITY, MASS = 0, 1
# trials in a block, at most: what is known of them fits the first-level cache
BLOCK = 128

BEGIN_SIGNATURE = types.void(*[types.int64] * 5, POINTER)
FILL_SIGNATURE = types.void(*[types.int64] * 6, *[POINTER] * 4)
PULL_SIGNATURE = types.void(*[types.int64] * 6, *[POINTER] * 5)
FINISH_SIGNATURE = types.void(*[types.int64] * 5, *[POINTER] * 2)


class Piece(NamedTuple):
    """The addresses of a piece's functions, and of the record that they take; 0 where there is none."""

    fill: int
    pull: int
    record: int
    begin: int = 0
    finish: int = 0
    fill_mass: int = 0
    pull_mass: int = 0


class MassFunctions(NamedTuple):
    """The functions of a piece for probabilities between two times, compiled where there are any."""

    fill: CFunction
    pull: CFunction


class CompiledPiece(NamedTuple):
    """A likelihood's piece, ready for the driver.

    Args:
        piece: the addresses of the C functions and of their record.
        keep: whatever must stay alive as long as these are used.
        chunk: rows, at most, between ``begin`` and ``finish``; 0 for all.
        of_masses: what fills and pulls masses; None where ``piece`` does both.
    """

    piece: Piece
    keep: object
    chunk: int = 0
    of_masses: MassFunctions | None = None

    def for_kinds(self, masses: bool) -> Piece:
        """The addresses of what is needed, which is compiled now."""
        if self.of_masses is None:
            return self.piece._replace(fill_mass=self.piece.fill, pull_mass=self.piece.pull)
        if not masses:
            return self.piece
        return self.piece._replace(fill_mass=self.of_masses.fill.address, pull_mass=self.of_masses.pull.address)


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


PIECE = record_type(
    Piece, fill=INT, pull=INT, record=INT, begin=INT, finish=INT, fill_mass=INT, pull_mass=INT
)  # fmt: skip


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
