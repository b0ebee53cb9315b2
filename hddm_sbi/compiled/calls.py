"""Calls of C functions by address, so that compiled code can be given a function and still be cached."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types


def call_address(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Write the code of an intrinsic that calls the C function at its first argument with the other ones.

    The function returns nothing. It is given integers as they are, and of an array the address of its data.
    """
    parts = [
        context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for value, kind in zip(args[1:], signature.args[1:], strict=True)
    ]
    function = ir.FunctionType(ir.VoidType(), [part.type for part in parts])
    builder.call(builder.inttoptr(args[0], function.as_pointer()), parts)
    return context.get_dummy_value()
