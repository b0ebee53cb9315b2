"""What the compiled code of a function depends on: its own code and that of all functions it calls, and constants.

Compiled code that is kept is valid as long as this has not changed: on any machine, whenever and wherever the package
was installed, and also where only a function that is called was changed, in another file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba.core import types

_PACKAGE = __name__.partition(".")[0]


def fingerprint(function: Callable[..., Any]) -> str:
    """A checksum of a function of this package, or of a user, as code that can be compiled."""
    found = hashlib.sha256(_how_it_is_compiled())
    done: set[int] = set()
    waiting: list[Any] = [function]
    while waiting:
        one = _python_function(waiting.pop())
        if one is None or id(one) in done:
            continue
        done.add(id(one))
        found.update(f"{one.__module__}.{one.__qualname__}{one.__defaults__!r}\n".encode())
        for text, value in _parts(one):
            found.update(text.encode())
            if value is not None:
                waiting.append(value)
    return found.hexdigest()


@cache
def _how_it_is_compiled() -> bytes:
    """The text of this folder, whose types and intrinsics are not found by following calls."""
    texts = sorted(Path(__file__).parent.glob("*.py"))
    return b"".join(path.read_bytes() for path in texts)


def _python_function(value: Any) -> FunctionType | None:
    """The function behind a dispatcher, an intrinsic, or itself; None for what belongs to a library."""
    for attribute in ("py_func", "_defn"):
        value = getattr(value, attribute, value)
    own = isinstance(value, FunctionType) and not _is_of_a_library(value.__module__)
    return value if own else None


def _is_of_a_library(module: str | None) -> bool:
    return (module or "").partition(".")[0] in ("numba", "llvmlite", "numpy", "math", "builtins")


def _parts(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The parts of a function, each as text, and as a value to follow where it may be a function."""
    namespace = function.__globals__
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        yield _named(name, cell.cell_contents)
    for code in _codes(function.__code__):
        constants = [each for each in code.co_consts if not isinstance(each, CodeType) and each != function.__doc__]
        yield f"{code.co_code.hex()} {constants!r} {code.co_names}\n", None
        modules: list[ModuleType] = []
        for name in code.co_names:
            if name in namespace:
                value = namespace[name]
                if isinstance(value, ModuleType):
                    modules.append(value)
                else:
                    yield _named(name, value)
            for module in modules:
                if module.__name__.startswith(_PACKAGE) and hasattr(module, name):
                    yield _named(name, getattr(module, name))


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _named(name: str, value: Any) -> tuple[str, Any]:
    """A constant by its value, a type by its name and fields; a function is followed."""
    if isinstance(value, bool | int | float | complex | str | bytes | tuple):
        return f"{name}={value!r}\n", None
    if isinstance(value, np.ndarray | np.generic):  # the values are compiled in
        return f"{name}={value.dtype} {value.shape} {value.tobytes().hex()}\n", None
    if isinstance(value, type):
        return f"{name}={value.__qualname__}{getattr(value, '_fields', ())}\n", None
    if isinstance(value, types.Type):
        return f"{name}={value.name}\n", None
    return f"{name}\n", value
