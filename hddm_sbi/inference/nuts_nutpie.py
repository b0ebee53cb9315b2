"""NUTS by nutpie: chains are threads, the mass matrix adapts to draws and gradients."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from hddm_sbi.inference.chain_progress import SamplingProgress
from hddm_sbi.inference.checkpoint import Checkpoint
from hddm_sbi.inference.sampler import FloatArray, LogDensity, NutsSettings, RawDraws, StartingPoints
from hddm_sbi.inference.stopping import Stopping

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # ArviZ 0.23 announces its successor on import
    import nutpie
    from nutpie.compiled_pyfunc import from_pyfunc
    from nutpie.sample import CompiledModel

    from hddm_sbi.inference.nutpie_chains import going_on
    from hddm_sbi.inference.nutpie_draws import ENERGY_OF_TRANSFORMED, NutpieDraws
    from hddm_sbi.inference.nutpie_native import NativeModel

POLL_SECONDS = 0.05


def sample_nutpie(
    potential: LogDensity,
    initial: StartingPoints,
    settings: NutsSettings,
    progress: SamplingProgress,
    stopping: Stopping,
    checkpoint: Checkpoint | None = None,
) -> RawDraws:
    """Draws by nutpie; raises and interrupts as ``sample_nuts`` says.

    A chain's draws do not depend on how many were asked for, nor on what else runs: those of a run that ends early are
    the first ones of a longer run.
    """
    if stopping.before is not None:
        initial = going_on(settings, np.asarray(stopping.before.u[:, -1:])[:, 0])
    model, count = _model(potential, initial)
    kept = NutpieDraws(potential.ndim, settings, stopping.next, kept=checkpoint is not None)
    sampler = nutpie.sample(
        model,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.parallel,
        seed=settings.seed,
        progress_bar=False,
        blocking=False,
        return_raw_trace=True,
        target_accept=settings.target_accept,
        maxdepth=settings.max_tree_depth,
        store_mass_matrix=ENERGY_OF_TRANSFORMED,
        zarr_store=kept.store,
    )
    try:
        raw = _watch(sampler, count, kept, settings, progress, stopping, checkpoint)
        sampler.cancel()  # what runs on after the last draw that counts
    except RuntimeError as error:
        raise kept.explain(error) from error
    except BaseException:  # Ctrl-C
        try:
            if checkpoint is not None and count() > settings.chains * settings.tune:
                checkpoint.keep(lambda: kept.so_far(sampler))
        finally:
            sampler.cancel()  # ends the threads, which would outlive us otherwise
        raise
    progress.update(settings.chains * (settings.tune + raw.length))
    return raw


def _watch(
    sampler: Any,
    count: Callable[[], int],
    kept: NutpieDraws,
    settings: NutsSettings,
    progress: SamplingProgress,
    stopping: Stopping,
    checkpoint: Checkpoint | None,
) -> RawDraws:
    """Wait, look at the draws when there are as many as ``stopping`` asks for, and return those of the run."""
    wait_for = 0
    while not _is_finished(sampler):
        done = count()
        progress.update(done)
        if stopping.time_is_up:
            stopping.reason = "minutes"
            return stopping.whole(kept.so_far(sampler))
        if checkpoint is not None and checkpoint.is_due and done > settings.chains * settings.tune:
            checkpoint.keep(lambda: kept.so_far(sampler))
        wait_for = max(wait_for, settings.chains * (settings.tune + stopping.next))
        if stopping.next < settings.draws and done >= wait_for:
            raw, before = kept.so_far(sampler), stopping.next
            if (found := stopping.first_enough(raw)) is not None:
                return found
            if stopping.last is not None and stopping.next > before:
                progress.go_on(settings.chains * (settings.tune + stopping.expected), stopping.last.missing)
            wait_for = done + max(0, stopping.next - raw.length)  # of the slowest chain
        time.sleep(POLL_SECONDS)
    raw = kept.at_the_end(sampler)
    return stopping.first_enough(raw) or stopping.whole(raw)


class _Counter:
    """Counts draws across threads: ``next`` on a count is atomic."""

    def __init__(self) -> None:
        self._count, self.value = itertools.count(1), 0

    def tick(self) -> None:
        self.value = next(self._count)


def _model(potential: LogDensity, initial: StartingPoints) -> tuple[CompiledModel, Callable[[], int]]:
    """The density for nutpie, and a function that counts its draws."""
    if potential.native is None:
        return _python_model(potential, initial)
    model = NativeModel(potential.ndim, potential.native, initial)
    return model, model.count


def _python_model(potential: LogDensity, initial: StartingPoints) -> tuple[CompiledModel, Callable[[], int]]:
    counter = _Counter()

    def make_logp() -> Callable[[FloatArray], tuple[float, FloatArray]]:
        return potential.log_density_grad

    def make_expand(seed1: int, seed2: int, chain: int) -> Callable[[FloatArray], dict[str, FloatArray]]:
        def expand(u: FloatArray) -> dict[str, FloatArray]:
            counter.tick()  # called once a draw
            return {"u": u}

        return expand

    model = from_pyfunc(
        potential.ndim,
        make_logp,
        make_expand,
        [np.dtype("float64")],
        [(potential.ndim,)],
        ["u"],
        make_initial_point_fn=initial,
    )
    return model, lambda: counter.value


def _is_finished(sampler: Any) -> bool:
    try:
        return bool(sampler.is_finished)
    except TimeoutError:  # nutpie's way to say no
        return False
