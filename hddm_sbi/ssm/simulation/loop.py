"""The loop of every simulator of the registry: it tells each trial its row of theta and its random numbers.

A process supplies one C function, which draws some trials of one row:

    draw(span, row, first, last)
        Fill ``rt[i]``, in seconds, and ``choice[i]`` for i = first, ..., last - 1 from the parameters ``theta[row]``
        and the generator ``state``; and ``log_ratio[i]`` (see ``RatioSimulator``) where that array is not empty.

The first argument is the address of a ``Span``, which ``span_at`` reads. A call is for at most ``BLOCK`` trials and
begins with whatever these share. It may keep that in ``work``, where it must not rely on what an earlier call has left.
"""

from __future__ import annotations

from typing import NamedTuple

from numba.core import types
from numba.extending import intrinsic

from hddm_sbi.compiled.calls import call_address
from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.compiled.structs import FLOATS, FLOATS2, INTS, WORDS, packer, reader, record_type
from hddm_sbi.ssm.base import FloatArray, IntArray
from hddm_sbi.ssm.simulation.rng import UIntArray, seed_state

# Trials per generator: large enough that seeding costs nothing, small enough that threads share the work evenly.
BLOCK = 2048

DRAW_SIGNATURE = types.void(*[types.int64] * 4)


class Span(NamedTuple):
    """Trials that one thread draws, and what it needs for that.

    Args:
        theta: parameters of all rows, (rows, parameters).
        state: the state of the thread's generator, (4,).
        work: the thread's working memory, of the shape that the process asks for.
        rt, choice: what is drawn, of all rows one after the other, (rows n,).
        log_ratio: the ratios, likewise; empty, (0,), where nobody asks for them.
    """

    theta: FloatArray
    state: UIntArray
    work: FloatArray
    rt: FloatArray
    choice: IntArray
    log_ratio: FloatArray


SPAN = record_type(Span, theta=FLOATS2, state=WORDS, work=FLOATS2, rt=FLOATS, choice=INTS, log_ratio=FLOATS)
span_at = reader(SPAN)
_address_of = packer(SPAN)


@intrinsic
def _call_draw(typingctx, draw, span, row, first, last):  # type: ignore[no-untyped-def]
    """Call a process's ``draw``."""
    return types.none(*[types.int64] * 5), call_address


@callable_from_python
def draw_span(
    draw: int, theta: FloatArray, n: int, seed: int, first: int, last: int, state: UIntArray, work: FloatArray,
    rt: FloatArray, choice: IntArray, log_ratio: FloatArray,
) -> None:  # fmt: skip
    """Draw the trials from ``first`` to ``last``, exclusive.

    Args:
        draw: address of the process's function.
        n: trials per row of theta.
        seed: a seed for all trials; each block of ``BLOCK`` trials has a generator of its own, seeded from both.
        first: a trial with which a block begins.
        last: the trial before which to stop.
        theta, state, work, rt, choice, log_ratio: the fields of a ``Span``.
    """
    span = _address_of(Span(theta, state, work, rt, choice, log_ratio))
    i, row = first, first // n
    while i < last:
        seed_state(state, seed, i // BLOCK)
        end = min(i + BLOCK, last)
        while i < end:
            stop = min((row + 1) * n, end)
            _call_draw(draw, span, row, i, stop)
            i = stop
            if i == (row + 1) * n:
                row += 1
