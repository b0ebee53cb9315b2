"""The samplers by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hddm_sbi.errors import ModelError, SamplingError
from hddm_sbi.inference.chain_progress import SamplingProgress
from hddm_sbi.inference.checkpoint import Checkpoint
from hddm_sbi.inference.sampler import LogDensity, NutsSettings, RawDraws, StartingPoints
from hddm_sbi.inference.stopping import Look, Reason, Stopping

SAMPLERS = ("nutpie", "pyro")


# A run whose draws are flawed begins anew, once, with steps whose acceptance rate is so much nearer to 1, and with a
# warm-up that is so much longer.
CLOSER, LONGER = 5.0, 2


@dataclass(frozen=True)
class Run:
    """A run of the sampler.

    Args:
        raw: the draws on the unconstrained scale.
        settings: the settings with which it ran in the end.
        reason: why the run ended where it did.
        restarts: how often the run began anew.
        missing: what was missing at the last look, in words; nothing where nobody looked.
    """

    raw: RawDraws
    settings: NutsSettings
    reason: Reason
    restarts: int
    missing: str


def sample_nuts(
    potential: LogDensity,
    initial: StartingPoints,
    settings: NutsSettings | None = None,
    sampler: str = "nutpie",
    progress: bool = True,
    look: Callable[[RawDraws], Look] | None = None,
    minutes: float | None = None,
    checkpoint: Checkpoint | None = None,
) -> Run:
    """Draws from the density by the No-U-Turn sampler (Hoffman & Gelman 2014).

    Args:
        potential: the log density on the unconstrained scale, with its gradient.
        initial: gives a starting point from a seed; each chain asks with its own.
        settings: how long and how to sample; None takes the defaults.
        sampler: ``"nutpie"``, or ``"pyro"`` for Pyro's own.
        progress: whether to show how far the chains are.
        look: judges the draws at the counts of ``stopping``, of which ``settings.draws`` is the last; a run that it
            finds flawed begins anew once, with smaller steps. None: exactly ``settings.draws`` draws.
        minutes: the run ends after about so many, with the draws that every chain has by then.
        checkpoint: keeps the draws of nutpie while it samples, and those of a run that goes on; the caller enters and
            leaves it.

    Raises:
        ModelError: there is no such sampler.
        SamplingError: the sampler cannot start, the potential raised, or the time was over before the first draw.
        KeyboardInterrupt: after every chain has stopped.
    """
    run, settings = _runner(sampler), settings or NutsSettings()
    until = None if minutes is None else time.monotonic() + 60.0 * minutes
    for restarts in range(0 if checkpoint is None else checkpoint.restarts, 2):
        before = None if checkpoint is None else checkpoint.begin(settings, restarts)
        stopping = Stopping(look, settings.draws, until, before)
        with SamplingProgress(settings.chains * (settings.tune + stopping.expected), visible=progress) as bar:
            raw = stopping.enough_before or run(
                potential, initial, _now(settings, checkpoint, bar, stopping), bar, stopping, checkpoint
            )
            if stopping.last is None or not stopping.last.flawed or restarts:
                break
            bar.say(f"sampling: {stopping.last.missing}; starting anew with smaller steps")
        settings = _careful(settings)
    if raw.length == 0:
        raise SamplingError(f"after {minutes:g} minutes the chains were still warming up; allow more (minutes=...).")
    if not raw.is_finite:
        raise SamplingError("the sampler returned draws that are not finite: please check the priors.")
    if checkpoint is not None:
        checkpoint.finish(raw)
    return Run(raw, settings, stopping.reason, restarts, stopping.last.missing if stopping.last else "")


def _now(
    settings: NutsSettings, checkpoint: Checkpoint | None, bar: SamplingProgress, stopping: Stopping
) -> NutsSettings:
    """The settings for a run, or for the rest of one that goes on, which is said."""
    if checkpoint is None or stopping.before is None:
        return settings
    now = checkpoint.go_on(settings, stopping.before)
    bar.resize(now.chains * (now.tune + stopping.expected))
    bar.say(f"sampling: goes on after {stopping.before.length:,} draws of each chain")
    return now


def _careful(settings: NutsSettings) -> NutsSettings:
    target_accept = 1.0 - (1.0 - settings.target_accept) / CLOSER
    return replace(settings, target_accept=target_accept, tune=LONGER * settings.tune)


_Sampler = Callable[[LogDensity, StartingPoints, NutsSettings, SamplingProgress, Stopping, Checkpoint | None], RawDraws]


def _runner(sampler: str) -> _Sampler:
    if sampler == "nutpie":
        from hddm_sbi.inference.nuts_nutpie import sample_nutpie

        return sample_nutpie
    if sampler == "pyro":
        from hddm_sbi.inference.nuts_pyro import sample_pyro

        return sample_pyro
    raise ModelError(f"there is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")
