"""Records of arrays that compiled code reads by address, and slots of working memory that threads claim.

The few lines that Numba lacks for C functions over shared data. A record's arrays are laid out as Numba lays out array
structures, which a test holds it to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

IntArray = npt.NDArray[np.int64]

# types of the fields of a record
FLOATS, FLOATS2 = types.Array(types.float64, 1, "C"), types.Array(types.float64, 2, "C")
INTS, INTS2 = types.Array(types.int64, 1, "C"), types.Array(types.int64, 2, "C")
FLOAT, INT = types.float64, types.int64

def record_type(cls: type[Any], **fields: types.Type) -> types.NamedTuple:
    """The type of a record in compiled code, from the type of each field of a named tuple, in order."""
    if tuple(fields) != cls._fields:
        raise TypeError(f"{cls.__name__} has the fields {cls._fields}, not {tuple(fields)}.")
    return types.NamedTuple(tuple(fields.values()), cls)


class CFunction:
    """A function as a C function, compiled when its address is first asked for, or loaded from Numba's cache.

    Args:
        signature: in Numba's types.
        function: at the top level of a module.
    """

    def __init__(self, signature: Any, function: Callable[..., Any]) -> None:
        self._signature, self._function = signature, function

    @cached_property
    def address(self) -> int:
        """Address of the C function."""
        self._compiled = nb.cfunc(self._signature, cache=True)(self._function)
        return int(self._compiled.address)


class Record:
    """A named tuple of arrays and numbers at an address, as compiled code sees it; the arrays are shared, not copied.

    Args:
        values: the fields; arrays contiguous and of the declared type.
        kind: from ``record_type``.
    """

    def __init__(self, values: Any, kind: types.NamedTuple) -> None:
        self.values = values
        words = [_words(value, field) for value, field in zip(values, kind, strict=True)]
        self._memory: npt.NDArray[np.int64] = np.concatenate(words)

    @property
    def address(self) -> int:
        """Address of the record."""
        return int(self._memory.ctypes.data)


def _words(value: Any, kind: types.Type) -> npt.NDArray[np.int64]:
    """A field as Numba lays it out: numbers as they are, an array as a structure of pointers, shape and strides."""
    if not isinstance(kind, types.Array):
        return np.array([value], dtype=np.float64 if kind == types.float64 else np.int64).view(np.int64)
    dtype = np.float64 if kind.dtype == types.float64 else np.int64
    if not (value.dtype == dtype and value.ndim == kind.ndim and value.flags.c_contiguous):
        raise TypeError(f"a field of type {kind} cannot hold an array of {value.dtype}, shape {value.shape}.")
    # owner and parent are null: compiled code then neither counts references nor frees anything
    return np.array([0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides], np.int64)


def reader(kind: types.NamedTuple) -> Any:
    """A function for compiled code, from the address of a ``Record`` to its named tuple."""

    @intrinsic
    def read(typingctx, address):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            pointer = builder.inttoptr(args[0], context.get_value_type(kind).as_pointer())
            return builder.load(pointer)

        return kind(types.int64), codegen

    return read


@intrinsic
def _try_claim(typingctx, flags, index):  # type: ignore[no-untyped-def]
    """Set flags[index] from 0 to 1, in one step for all threads; whether it was 0."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(INTS)(context, builder, args[0]).data
        zero, one = ir.Constant(ir.IntType(64), 0), ir.Constant(ir.IntType(64), 1)
        result = builder.cmpxchg(cgutils.gep_inbounds(builder, data, args[1]), zero, one, "acq_rel", "monotonic")
        return builder.extract_value(result, 1)

    return types.boolean(INTS, types.int64), codegen


@nb.njit(cache=True, nogil=True)
def claim(flags: IntArray) -> int:
    """The number of a slot that no other thread holds; waits until there is one."""
    while True:
        for index in range(len(flags)):
            if _try_claim(flags, index):
                return index


@intrinsic
def _set_free(typingctx, flags, index):  # type: ignore[no-untyped-def]
    """Set flags[index] to 0; what this thread has written before is then visible to the next that claims it."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(INTS)(context, builder, args[0]).data
        pointer = cgutils.gep_inbounds(builder, data, args[1])
        builder.store_atomic(ir.Constant(ir.IntType(64), 0), pointer, "release", 8)
        return context.get_dummy_value()

    return types.none(INTS, types.int64), codegen


@nb.njit(cache=True, nogil=True)
def release(flags: IntArray, index: int) -> None:
    """Give a claimed slot back."""
    _set_free(flags, index)
