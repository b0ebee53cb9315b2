"""Records of arrays that compiled code reads by address, and slots of working memory that threads claim.

The few lines that Numba lacks for C functions over shared data. A record's arrays are laid out as Numba lays out array
structures, which a test holds it to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model

from hddm_sbi.compiled.compiling import callable_from_python, compile_for_c

IntArray = npt.NDArray[np.int64]

# types of the fields of a record
FLOATS, FLOATS2 = types.Array(types.float64, 1, "C"), types.Array(types.float64, 2, "C")
INTS, INTS2 = types.Array(types.int64, 1, "C"), types.Array(types.int64, 2, "C")
WORDS = types.Array(types.uint64, 1, "C")
BOOLS = types.Array(types.boolean, 1, "C")
FLOAT, INT = types.float64, types.int64
POINTER: Any = types.CPointer(types.float64)  # type: ignore[attr-defined]

_DTYPES = {types.float64: np.float64, types.int64: np.int64, types.uint64: np.uint64, types.boolean: np.bool_}


class RecordType(types.Type):
    """A record in compiled code: an address, whose fields are loaded when they are asked for.

    Args:
        name: of the named tuple.
        fields: the type of each field; records may be nested.
    """

    def __init__(self, name: str, fields: tuple[tuple[str, types.Type], ...]) -> None:
        self.fields = dict(fields)
        parts = ", ".join(f"{field}: {kind}" for field, kind in fields)
        super().__init__(name=f"{name}({parts})")

    def place(self, field: str) -> int:
        """Bytes from the beginning of the record to a field."""
        names = list(self.fields)
        return sum(_size(self.fields[name]) for name in names[: names.index(field)])


def _size(kind: types.Type) -> int:
    """Bytes of a record, a number, or an array: owner, parent, size, item size, data, shape and strides."""
    if isinstance(kind, RecordType):
        return sum(_size(field) for field in kind.fields.values())
    return 8 * (5 + 2 * kind.ndim) if isinstance(kind, types.Array) else 8


def record_type(cls: type[Any], **fields: types.Type) -> RecordType:
    """The type of a record in compiled code, from the type of each field of a named tuple, in order."""
    if tuple(fields) != cls._fields:
        raise TypeError(f"{cls.__name__} has the fields {cls._fields}, not {tuple(fields)}.")
    return RecordType(cls.__name__, tuple(fields.items()))


@register_model(RecordType)
class _RecordModel(models.PrimitiveModel):  # type: ignore[misc]
    """The address."""

    def __init__(self, manager: Any, kind: RecordType) -> None:
        super().__init__(manager, kind, ir.IntType(64))


@infer_getattr
class _RecordAttribute(AttributeTemplate):  # type: ignore[misc]
    key = RecordType

    def generic_resolve(self, kind: RecordType, field: str) -> types.Type | None:
        return kind.fields.get(field)


@lower_getattr_generic(RecordType)
def _load_field(context: Any, builder: Any, kind: RecordType, address: Any, field: str) -> Any:
    """A field's value; of a record within the record its address. An array borrows its memory from the record."""
    at = builder.add(address, ir.Constant(ir.IntType(64), kind.place(field)))
    if isinstance(kind.fields[field], RecordType):
        return at
    return builder.load(builder.inttoptr(at, context.get_value_type(kind.fields[field]).as_pointer()))


class CFunction:
    """A function as a C function, compiled when its address is first asked for, or taken from where it is kept.

    Args:
        signature: in Numba's types.
        function: at the top level of a module.
    """

    def __init__(self, signature: Any, function: Callable[..., Any]) -> None:
        self._signature, self._function = signature, function

    @cached_property
    def address(self) -> int:
        """Address of the C function."""
        self._compiled = compile_for_c(self._signature, self._function)
        return int(self._compiled.address)


class Record:
    """A named tuple at an address, as compiled code sees it; its arrays are shared, not copied.

    Args:
        values: arrays, contiguous and of the declared type, numbers, and named tuples of such.
        kind: from ``record_type``.
    """

    def __init__(self, values: Any, kind: RecordType) -> None:
        self.values = values
        self._memory = _words(values, kind)

    @property
    def address(self) -> int:
        """Address of the record."""
        return int(self._memory.ctypes.data)


def _words(value: Any, kind: types.Type) -> npt.NDArray[np.int64]:
    """A field as Numba lays it out: numbers as they are, an array as a structure of pointers, shape and strides."""
    if isinstance(kind, RecordType):
        return np.concatenate([_words(part, field) for part, field in zip(value, kind.fields.values(), strict=True)])
    if not isinstance(kind, types.Array):
        return np.array([value], dtype=np.float64 if kind == types.float64 else np.int64).view(np.int64)
    if not (value.dtype == _DTYPES[kind.dtype] and value.ndim == kind.ndim and value.flags.c_contiguous):
        raise TypeError(f"a field of type {kind} cannot hold an array of {value.dtype}, shape {value.shape}.")
    # owner and parent are null: compiled code then neither counts references nor frees anything
    return np.array([0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides], np.int64)


def reader(kind: RecordType) -> Any:
    """A function for compiled code, from the address of a ``Record`` to the record."""

    @intrinsic
    def read(typingctx, address):  # type: ignore[no-untyped-def]
        return kind(types.int64), lambda context, builder, signature, args: args[0]

    return read


def packer(kind: RecordType) -> Any:
    """A function for compiled code, from a named tuple of arrays and numbers to the address of such a record.

    The record lies on the stack of the caller: it is gone when the caller returns. Its arrays are borrowed, so that the
    caller must have them from its own caller, who keeps them alive.
    """

    @intrinsic
    def pack(typingctx, values):  # type: ignore[no-untyped-def]
        given = [part.copy(readonly=False) if isinstance(part, types.Array) else part for part in values.types]
        if given != list(kind.fields.values()):
            raise TypeError(f"a {kind} cannot hold {values}.")

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            memory = cgutils.alloca_once(builder, ir.IntType(64), size=_size(kind) // 8)
            start = builder.ptrtoint(memory, ir.IntType(64))
            parts = zip(cgutils.unpack_tuple(builder, args[0]), kind.fields, values.types, strict=True)
            for value, field, part in parts:
                if isinstance(part, types.Array):
                    array = context.make_array(part)(context, builder, value)
                    # without an owner: see ``_words``
                    array.meminfo = cgutils.get_null_value(array.meminfo.type)
                    array.parent = cgutils.get_null_value(array.parent.type)
                    value = array._getvalue()
                at = builder.add(start, ir.Constant(ir.IntType(64), kind.place(field)))
                builder.store(value, builder.inttoptr(at, value.type.as_pointer()))
            return start

        return types.int64(values), codegen

    return pack


@intrinsic
def _try_claim(typingctx, flags, index):  # type: ignore[no-untyped-def]
    """Set flags[index] from 0 to 1, in one step for all threads; whether it was 0."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(INTS)(context, builder, args[0]).data
        zero, one = ir.Constant(ir.IntType(64), 0), ir.Constant(ir.IntType(64), 1)
        result = builder.cmpxchg(cgutils.gep_inbounds(builder, data, args[1]), zero, one, "acq_rel", "monotonic")
        return builder.extract_value(result, 1)

    return types.boolean(INTS, types.int64), codegen


@callable_from_python
def claim(flags: IntArray) -> int:
    """The number of a slot that no other thread holds; waits until there is one."""
    while True:
        for index in range(len(flags)):
            if _try_claim(flags, index):
                return index


@intrinsic
def add_one(typingctx, counts):  # type: ignore[no-untyped-def]
    """Add 1 to counts[0], in one step for all threads."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(INTS)(context, builder, args[0]).data
        builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "monotonic")
        return context.get_dummy_value()

    return types.none(INTS), codegen


@intrinsic
def _set_free(typingctx, flags, index):  # type: ignore[no-untyped-def]
    """Set flags[index] to 0; what this thread has written before is then visible to the next that claims it."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(INTS)(context, builder, args[0]).data
        pointer = cgutils.gep_inbounds(builder, data, args[1])
        builder.store_atomic(ir.Constant(ir.IntType(64), 0), pointer, "release", 8)
        return context.get_dummy_value()

    return types.none(INTS, types.int64), codegen


@callable_from_python
def release(flags: IntArray, index: int) -> None:
    """Give a claimed slot back."""
    _set_free(flags, index)
