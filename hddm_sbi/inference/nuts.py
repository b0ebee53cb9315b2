"""The samplers by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hddm_sbi.errors import ModelError, SamplingError
from hddm_sbi.inference.contract import LogDensity, NutsSettings, RawDraws, StartingPoints
from hddm_sbi.inference.progress import SamplingProgress

SAMPLERS = ("nutpie", "pyro")


def sample_nuts(
    potential: LogDensity,
    initial: StartingPoints,
    settings: NutsSettings | None = None,
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
    run, settings = _runner(sampler), settings or NutsSettings()
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
