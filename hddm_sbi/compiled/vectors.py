"""Vector registers in the code of an intrinsic: loads, stores, and sums of products that become one instruction.

LLVM splits a vector into as many registers as a processor needs, so that what is written here runs everywhere.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

_INT = ir.IntType(64)


class Vectors:
    """Vectors of some numbers of a kind, for a builder of LLVM code.

    Args:
        context, builder: as an intrinsic's code generator has them.
        lanes: numbers in a vector.
        kind: Numba's type of a number.
    """

    def __init__(self, context: Any, builder: Any, lanes: int, kind: types.Type = types.float64) -> None:
        self._context, self._builder, self.lanes = context, builder, lanes
        self._number = context.get_value_type(kind)
        self._vector = ir.VectorType(self._number, lanes)
        self._size = 4 if kind == types.float32 else 8

    def place(self, vector: Any) -> Any:
        """A place that holds a vector; LLVM keeps it in registers."""
        place = cgutils.alloca_once(self._builder, self._vector)
        self._builder.store(vector, place)
        return place

    def zero(self) -> Any:
        """A place that holds zeros."""
        return self.place(ir.Constant(self._vector, None))

    def pointer(self, array_type: types.Type, array: Any) -> Any:
        """The address of an array's first number."""
        return self._context.make_array(array_type)(self._context, self._builder, array).data

    def load(self, pointer: Any, index: Any) -> Any:
        """The vector that begins at a place of an array."""
        return self._builder.load(self._at(pointer, index), align=self._size)

    def store(self, vector: Any, pointer: Any, index: Any) -> None:
        """Write a vector to an array."""
        self._builder.store(vector, self._at(pointer, index), align=self._size)

    def spread(self, number: Any) -> Any:
        """A vector of equal numbers."""
        one = self._builder.insert_element(ir.Constant(self._vector, ir.Undefined), number, ir.Constant(_INT, 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        return self._builder.shuffle_vector(one, ir.Constant(self._vector, ir.Undefined), mask)

    def constant(self, number: float) -> Any:
        """A vector of one number."""
        return ir.Constant(self._vector, [number] * self.lanes)

    def sum(self, left: Any, right: Any) -> Any:
        """The sums of two vectors."""
        return self._builder.fadd(left, right, flags=("contract",))

    def quotient(self, left: Any, right: Any) -> Any:
        """The quotients of two vectors."""
        return self._builder.fdiv(left, right)

    def clipped(self, x: Any, size: float) -> Any:
        """A vector between -size and size; NaN stays."""
        for sign, edge in (("<", -size), (">", size)):
            end = self.constant(edge)
            x = self._builder.select(self._builder.fcmp_ordered(sign, x, end), end, x)
        return x

    def powers_of_two(self, shifted: Any, bias: int) -> Any:
        """2^n in double precision, where the last bits of a number have the integer n, of which ``bias`` is added."""
        integers = ir.VectorType(_INT, self.lanes)
        bits = self._builder.add(self._builder.bitcast(shifted, integers), ir.Constant(integers, [bias] * self.lanes))
        return self._builder.bitcast(self._builder.shl(bits, ir.Constant(integers, [52] * self.lanes)), self._vector)

    def product(self, left: Any, right: Any) -> Any:
        """The products of two vectors."""
        return self._builder.fmul(left, right, flags=("contract",))

    def plus_product(self, total: Any, left: Any, right: Any) -> Any:
        """A vector plus the products of two vectors, rounded once where the processor can."""
        return self._builder.fadd(total, self.product(left, right), flags=("contract",))

    def add_product(self, place: Any, left: Any, right: Any) -> None:
        """The same, kept in a place."""
        self._builder.store(self.plus_product(self._builder.load(place), left, right), place)

    def read(self, place: Any) -> Any:
        """The vector at a place."""
        return self._builder.load(place)

    def _at(self, pointer: Any, index: Any) -> Any:
        at = self._builder.gep(pointer, [index])
        return self._builder.bitcast(at, self._vector.as_pointer())
