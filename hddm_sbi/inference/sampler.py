"""What a sampler takes and gives: a log density, starting points and settings in; draws and statistics out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import whole

FloatArray = npt.NDArray[np.float64]

# a seed -> a starting point u, shape (ndim,), where the log density is finite
StartingPoints = Callable[[int], FloatArray]

# the statistics that every sampler reports, in the terms of ArviZ
STATISTICS = ("diverging", "tree_depth", "n_steps", "energy", "step_size", "acceptance_rate", "lp")

# Numbers of a block of draws: 16 MB, and several times that while they are transformed.
_NUMBERS_AT_ONCE = 2_000_000


class CompiledLogDensity(NamedTuple):
    """A log density as a C function of (ndim, u, gradient, value, record), which returns 0 where it is finite.

    Args:
        function: the address of the C function.
        record: the address of the record that the function takes last.
        keep: whatever must stay alive as long as the addresses are used.
    """

    function: int
    record: int
    keep: object


class LogDensity(Protocol):
    """A log density on u with its gradient; safe to call from several threads."""

    @property
    def native(self) -> CompiledLogDensity | None:
        """The same for callers that do without Python, if it is compiled."""
        ...

    @property
    def ndim(self) -> int:
        """Length of u."""
        ...

    def log_density(self, u: FloatArray) -> float:
        """At u, shape (ndim,); -inf where the density is zero."""
        ...

    def log_density_grad(self, u: FloatArray) -> tuple[float, FloatArray]:
        """The same with its gradient, shape (ndim,), which is finite everywhere."""
        ...


class Joined:
    """Arrays of draws, one after the other along the axis of draws, none of which is copied before it is read.

    Args:
        parts: each of shape (chains, draws, ndim).
    """

    def __init__(self, parts: tuple[FloatArray | xr.DataArray | Joined, ...]) -> None:
        self._parts = parts
        shapes: list[tuple[int, ...]] = [part.shape for part in parts]
        self.shape: tuple[int, ...] = (shapes[0][0], sum(shape[1] for shape in shapes), shapes[0][2])

    def __getitem__(self, at: tuple[slice, slice]) -> Joined:
        chains, (start, stop, _) = at[0], at[1].indices(self.shape[1])
        found, first = [], 0
        for part in self._parts:
            length = part.shape[1]
            low, high = max(start - first, 0), min(max(stop - first, 0), length)
            found.append(part[chains, min(low, length) : high])
            first += length
        return Joined(tuple(found))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.concatenate([np.asarray(part, dtype) for part in self._parts], axis=1)


@dataclass(frozen=True)
class RawDraws:
    """Draws on the unconstrained space.

    Args:
        u: draws on the unconstrained scale, shape (chains, draws, ndim): an array, or what reads or joins them when
            they are asked for.
        stats: each of ``STATISTICS``, shape (chains, draws).
        keep: whatever must stay alive as long as the draws are read.
    """

    u: FloatArray | xr.DataArray | Joined
    stats: dict[str, npt.NDArray[np.generic]]
    keep: object = None

    @property
    def length(self) -> int:
        """Number of draws of each chain."""
        return int(self.u.shape[1])

    def cut(self, draws: int) -> RawDraws:
        """The first draws of each chain."""
        return RawDraws(self.u[:, :draws], {name: values[:, :draws] for name, values in self.stats.items()}, self.keep)

    def after(self, draws: int) -> RawDraws:
        """The draws of each chain after the first ones."""
        return RawDraws(self.u[:, draws:], {name: values[:, draws:] for name, values in self.stats.items()}, self.keep)

    def then(self, others: RawDraws) -> RawDraws:
        """These draws, followed by others of the same chains."""
        stats = {name: np.concatenate([values, others.stats[name]], axis=1) for name, values in self.stats.items()}
        return RawDraws(Joined((self.u, others.u)), stats, (self.keep, others.keep))

    def blocks(self) -> Iterator[FloatArray]:
        """Some draws of every chain at a time, in their order, each of shape (chains, draws, ndim)."""
        size = max(1, _NUMBERS_AT_ONCE // max(self.u.shape[0] * self.u.shape[2], 1))
        for start in range(0, self.length, size):
            yield np.asarray(self.u[:, start : start + size])

    @property
    def is_finite(self) -> bool:
        """Whether all of u is."""
        return all(bool(np.isfinite(block).all()) for block in self.blocks())


@dataclass(frozen=True)
class NutsSettings:
    """How long and how to sample.

    Args:
        draws: number of draws kept of each chain.
        tune: number of warm-up draws of each chain, which are not kept.
        chains: number of chains.
        seed: a non-negative integer; the same seed gives the same draws.
        cores: chains that run at the same time; None: one per core.
        target_accept: acceptance rate at which the step size aims; higher than the usual 0.8, which lets draws diverge
            where group sds near zero are likely (few participants, few trials).
        max_tree_depth: the largest depth of a tree; a draw takes at most 2^depth - 1 steps.
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int = 0
    cores: int | None = None
    target_accept: float = 0.9
    max_tree_depth: int = 10

    def __post_init__(self) -> None:
        for name, least in (("draws", 1), ("tune", 1), ("chains", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ModelError(f"{name} must be a whole number of at least {least}, not {value!r}.")
        if self.cores is not None:
            whole("cores", self.cores, 1)
        if not 0.0 < self.target_accept < 1.0:
            raise ModelError(f"target_accept must lie between 0 and 1, not {self.target_accept!r}.")

    @property
    def parallel(self) -> int:
        """Chains that run at the same time."""
        return min(self.chains, self.cores or available_cores())


def available_cores() -> int:
    """Cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def tree_depth(n_steps: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """Number of doublings: the last doubling of a tree of depth d ends with step 2^(d-1) at least, 2^d - 1 at most."""
    return np.ceil(np.log2(np.asarray(n_steps, np.float64) + 1.0)).astype(np.int64)
