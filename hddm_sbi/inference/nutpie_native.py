"""A C function as a model for nutpie: its chains, threads outside of Python, call it by address.

nutpie offers this way to models of PyMC; the classes behind it take any address. They are not part of its public
interface, which is why they appear in this file alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types
from nutpie import _lib
from nutpie.sample import CompiledModel

from hddm_sbi.compiled.structs import INTS, POINTER, CFunction, Record, add_one, reader, record_type
from hddm_sbi.errors import SamplingError
from hddm_sbi.inference.sampler import CompiledLogDensity, StartingPoints

KNOWN = "0.16.8 to 0.16.11"


class _Counter(NamedTuple):
    """Draws done so far, warm-up included, in its first element."""

    done: npt.NDArray[np.int64]


_COUNTER = record_type(_Counter, done=INTS)
_read_counter = reader(_COUNTER)
# int expand(ndim, expanded, u, out, record): from a draw to what is stored of it
_EXPAND_SIGNATURE = types.int64(types.uint64, types.uint64, POINTER, POINTER, types.int64)


def _expand(ndim, expanded, u, out, record):  # type: ignore[no-untyped-def]
    """Store u itself, and count the draw."""
    for i in range(ndim):  # an assignment of arrays would compile the message of an error with it
        out[i] = u[i]
    add_one(_read_counter(record).done)
    return 0


_expand_at = CFunction(_EXPAND_SIGNATURE, _expand)


@contextmanager
def _known_internals() -> Iterator[None]:
    """Say what to do where nutpie's classes are not those that this file was written for."""
    try:
        yield
    except (TypeError, AttributeError) as error:
        raise SamplingError(
            f"nutpie {version('nutpie')} does not take a compiled model as versions {KNOWN} do ({error}); please "
            "install one of these, such as pip install 'nutpie==0.16.8'."
        ) from error


class NativeModel(CompiledModel):
    """A compiled density on u for ``nutpie.sample``.

    Args:
        ndim: the length of u.
        native: the log density as a C function.
        initial: gives a chain's starting point from its seed.
    """

    def __init__(self, ndim: int, native: CompiledLogDensity, initial: StartingPoints) -> None:
        super().__init__(dims={})
        counter = Record(_Counter(np.zeros(1, dtype=np.int64)), _COUNTER)
        # CompiledModel is a frozen dataclass
        self.__dict__.update(_ndim=ndim, _native=native, _initial=initial, _counter=counter)

    @property
    def n_dim(self) -> int:
        """Length of u."""
        return self._ndim

    @property
    def coords(self) -> dict[str, Any]:
        """None: u is one vector."""
        return {}

    def count(self) -> int:
        """Draws done so far, warm-up included."""
        return int(self._counter.values.done[0])

    def _make_sampler(self, settings: Any, init_mean: Any, cores: Any, progress_type: Any, *rest: Any) -> Any:
        """``rest`` is the store, after the callbacks that nutpie 0.16.9 and later hand on."""
        with _known_internals():
            return _lib.PySampler.from_pymc(settings, cores, self._make_model(init_mean), progress_type, *rest)

    def _make_model(self, init_mean: Any) -> Any:
        with _known_internals():
            return self._build(init_mean)

    def _build(self, init_mean: Any) -> Any:
        ndim, native, counter = self._ndim, self._native, self._counter
        density = _lib.LogpFunc(native.function, native.record, native)
        expand = _lib.ExpandFunc(ndim, ndim, _expand_at.address, counter.address, counter)
        sizes = {"coordinate": ndim}
        variables = _lib.PyVariable.new_variables(["u"], ["float64"], [(ndim,)], sizes, {"u": ("coordinate",)})
        return _lib.PyMcModel(density, expand, variables, ndim, sizes, {}, self._initial, None)
