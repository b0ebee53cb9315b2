"""The samplers behind one contract: a potential and starting points in, draws of u and their statistics out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import ModelError, SamplingError
from hddm_sbi.inference.progress import SamplingProgress

FloatArray = npt.NDArray[np.float64]

# a seed -> a starting point u, shape (ndim,), where the log density is finite
StartingPoints = Callable[[int], FloatArray]

# the statistics that every sampler reports, in the terms of ArviZ
STATISTICS = ("diverging", "tree_depth", "n_steps", "energy", "step_size", "acceptance_rate", "lp")

SAMPLERS = ("nutpie", "pyro")


class LogDensity(Protocol):
    """A log density on u with its gradient; safe to call from several threads."""

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


@dataclass(frozen=True)
class RawDraws:
    """Draws on the unconstrained space.

    Args:
        u: shape (chains, draws, ndim).
        stats: each of ``STATISTICS``, shape (chains, draws).
    """

    u: FloatArray
    stats: dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class NutsSettings:
    """How long and how to sample.

    Args:
        draws: draws kept of each chain.
        tune: warm-up draws before them.
        chains: number of chains.
        seed: the same seed gives the same draws.
        cores: chains that run at the same time; None: one per core.
        target_accept: acceptance rate at which the step size aims.
        max_tree_depth: at most 2^depth - 1 steps a draw.
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int = 0
    cores: int | None = None
    target_accept: float = 0.8
    max_tree_depth: int = 10

    def __post_init__(self) -> None:
        for name, least in (("draws", 1), ("tune", 0), ("chains", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ModelError(f"{name} must be a whole number of at least {least}, not {value!r}.")
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


def sample_nuts(
    potential: LogDensity,
    initial: StartingPoints,
    settings: NutsSettings = NutsSettings(),
    sampler: str = "nutpie",
    progress: bool = True,
) -> RawDraws:
    """Draws from the density by the No-U-Turn sampler (Hoffman & Gelman 2014).

    Args:
        potential: the log density.
        initial: starting points by seed; each chain asks with its own.
        settings: lengths, chains, seed.
        sampler: ``"nutpie"``, or ``"pyro"`` for Pyro's own.
        progress: show how far the chains are.

    Raises:
        ModelError: there is no such sampler.
        SamplingError: the sampler cannot start, or the potential raised.
        KeyboardInterrupt: after every chain has stopped.
    """
    run = _runner(sampler)
    with SamplingProgress(settings.chains * (settings.tune + settings.draws), visible=progress) as bar:
        result = run(potential, initial, settings, bar)
    if not np.isfinite(result.u).all():
        raise SamplingError("the sampler returned draws that are not finite: please check the priors.")
    return result


def _runner(sampler: str) -> Callable[[LogDensity, StartingPoints, NutsSettings, SamplingProgress], RawDraws]:
    if sampler == "nutpie":
        from hddm_sbi.inference.nuts_nutpie import sample_nutpie

        return sample_nutpie
    if sampler == "pyro":
        from hddm_sbi.inference.nuts_pyro import sample_pyro

        return sample_pyro
    raise ModelError(f"there is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")
