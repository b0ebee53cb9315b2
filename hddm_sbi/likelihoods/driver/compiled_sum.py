"""What a compiled likelihood gives: its sum over trials as a C function, which threads call without Python's lock."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from hddm_sbi.compiled.structs import FLOATS, FLOATS2, POINTER
from hddm_sbi.likelihoods.base import FloatArray

# double sum(record, slot, theta, by_theta): the address of a record and of two matrices, (rows, parameters)
SUM_SIGNATURE = types.float64(types.int64, types.int64, POINTER, POINTER)
# the same for Python, whose lock is released while it runs
_SUM = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


class CompiledSum(NamedTuple):
    """A log likelihood of given trials as a C function of ``SUM_SIGNATURE``.

    Args:
        function: the address of the C function.
        record: the address of the record that the function takes first.
        keep: whatever must stay alive as long as the addresses are used.
    """

    function: int
    record: int
    keep: object

    def __call__(self, slot: int, theta: FloatArray, by_theta: FloatArray) -> float:
        """The sum at theta, (rows, parameters), whose derivatives are filled in; both contiguous."""
        return _SUM(self.function)(self.record, slot, theta.ctypes.data, by_theta.ctypes.data)


@intrinsic
def call_sum(typingctx, function, record, slot, theta, by_theta):  # type: ignore[no-untyped-def]
    """Call the C function of ``SUM_SIGNATURE`` at an address; theta and by_theta are matrices."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        word, double = ir.IntType(64), ir.DoubleType()
        kind = ir.FunctionType(double, [word, word, double.as_pointer(), double.as_pointer()])
        pointers = [context.make_array(FLOATS2)(context, builder, value).data for value in args[3:]]
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1], args[2], *pointers])

    return types.float64(types.int64, types.int64, types.int64, FLOATS2, FLOATS2), codegen


@intrinsic
def call_log_density(typingctx, function, ndim, u, gradient, value, record):  # type: ignore[no-untyped-def]
    """Call the C function of (ndim, u, gradient, value, record) at an address; value is a pointer."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        word, pointer = ir.IntType(64), ir.DoubleType().as_pointer()
        kind = ir.FunctionType(word, [word, pointer, pointer, pointer, word])
        arrays = [context.make_array(FLOATS)(context, builder, array).data for array in args[2:4]]
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1], *arrays, args[4], args[5]])

    return types.int64(types.int64, types.int64, FLOATS, FLOATS, POINTER, types.int64), codegen
