"""The few ways in which this package compiles: nothing rounds differently, nothing raises, nothing holds the lock.

A division by zero gives an infinity or NaN, which callers look for. ``fastmath`` is used only where a function says so.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba as nb
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

from hddm_sbi._resources import CACHE_VARIABLE
from hddm_sbi.compiled.kept import Kept
from hddm_sbi.compiled.linked import Linked
from hddm_sbi.compiled.places import writable

# Loading compiled code from the cache takes a fraction of this, compiling it several times as long.
PATIENCE_SECONDS = 1.0

_COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
# no entry from Python or C, and no code of their own: less to compile
_HIDDEN: dict[str, Any] = {"pipeline_class": Linked, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


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
        print(f"hddm_sbi: {_what_is_going_on()} ...", file=sys.stderr, flush=True)


def _what_is_going_on() -> str:
    if writable() is not None:
        return "compiling for this computer, once after installation"
    return f"compiling, each time anew: no folder can be written to; set {CACHE_VARIABLE} to one that can"


def callable_from_python(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, for each signature when it is first called; what is compiled is kept."""
    dispatcher = nb.njit(**_COMMON)(function)
    dispatcher._cache = Kept(function)
    return dispatcher


def compile_for_c(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function that C calls, or take what is kept; its ``address`` is that of the C function."""
    compiled: Any = CFunc(function, normalize_signature(signature), locals={}, options={"error_model": "numpy"})
    compiled._cache = Kept(function)
    with announced(), _uncollected():
        compiled.compile()
    return compiled


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's cyclic garbage collector, which compiling sets off again and again: a tenth of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


# for functions that only compiled code calls
internal = nb.njit(**_COMMON, **_HIDDEN)
# the same, inlined by LLVM: a caller who drops a result does not pay for it, and loops over calls vectorise
inlined = nb.njit(**_COMMON, **_HIDDEN, forceinline=True, fastmath={"contract", "arcp"})
# for sums: they may be reordered, and divisions shared, which is what lets a loop use vector registers
summing = nb.njit(**_COMMON, **_HIDDEN, fastmath={"reassoc", "contract", "arcp"})
# for functions that are copied into their callers: what is compiled on its own is optimised again in each of these
once = nb.njit(**_COMMON, inline="always")
