"""The few ways in which this package compiles: nothing rounds differently, nothing raises, nothing holds the lock.

A division by zero gives an infinity or NaN, which callers look for. ``fastmath`` is used only where a function says so.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba as nb

# Loading compiled code from the cache takes a fraction of this, compiling it several times as long.
PATIENCE_SECONDS = 1.0

_COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
# no entry from Python or C: less to compile
_HIDDEN: dict[str, Any] = {"cache": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


@contextmanager
def announced() -> Iterator[None]:
    """Say on standard error what is going on, once a process, if the block takes longer than a person would wonder."""
    timer = threading.Timer(PATIENCE_SECONDS, _announce)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


_said = threading.Event()


def _announce() -> None:
    if not _said.is_set():
        _said.set()
        print("hddm_sbi: compiling for this computer, once after installation ...", file=sys.stderr, flush=True)


# for functions that Python calls
callable_from_python = nb.njit(**_COMMON, cache=True)
# for functions that only compiled code calls
internal = nb.njit(**_COMMON, **_HIDDEN)
# the same, inlined by LLVM: a caller who drops a result does not pay for it, and loops over calls vectorise
inlined = nb.njit(**_COMMON, **_HIDDEN, forceinline=True, fastmath={"contract", "arcp"})
# for sums: they may be reordered, and divisions shared, which is what lets a loop use vector registers
summing = nb.njit(**_COMMON, **_HIDDEN, fastmath={"reassoc", "contract", "arcp"})
# for functions that are copied into their callers: what is compiled on its own is optimised again in each of these
once = nb.njit(**_COMMON, inline="always")
