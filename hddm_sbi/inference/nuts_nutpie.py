"""NUTS by nutpie: chains are threads, the mass matrix adapts to draws and gradients."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow  # type: ignore[import-untyped]

from hddm_sbi.errors import SamplingError
from hddm_sbi.inference.chain_progress import SamplingProgress
from hddm_sbi.inference.sampler import FloatArray, LogDensity, NutsSettings, RawDraws, StartingPoints, tree_depth
from hddm_sbi.inference.stopping import Stopping

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # ArviZ 0.23 announces its successor on import
    import nutpie
    from nutpie.compiled_pyfunc import from_pyfunc
    from nutpie.sample import CompiledModel

    from hddm_sbi.inference.nutpie_native import NativeModel

POLL_SECONDS = 0.05
# From 0.16.9 on nutpie's energy is that of the transformed coordinates, which contains the log determinant of the
# adapted transformation; its scales are then stored where they change.
_ENERGY_OF_TRANSFORMED = tuple(map(int, version("nutpie").split(".")[:3])) >= (0, 16, 9)

# our name -> nutpie's
_COLUMNS = {
    "diverging": "diverging",
    "n_steps": "n_steps",
    "energy": "energy",
    "step_size": "step_size",
    "acceptance_rate": "mean_tree_accept",
    "lp": "logp",
}


def sample_nutpie(
    potential: LogDensity,
    initial: StartingPoints,
    settings: NutsSettings,
    progress: SamplingProgress,
    stopping: Stopping,
) -> RawDraws:
    """Draws by nutpie; raises and interrupts as ``sample_nuts`` says.

    A chain's draws do not depend on how many were asked for, nor on what else runs: those of a run that ends early are
    the first ones of a longer run.
    """
    model, count = _model(potential, initial)
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
        store_mass_matrix=_ENERGY_OF_TRANSFORMED,
    )
    try:
        raw = _watch(sampler, count, potential.ndim, settings, progress, stopping)
        sampler.cancel()  # what runs on after the last draw that counts
    except RuntimeError as error:
        raise SamplingError(f"nutpie stopped: {str(error).split('Stack backtrace')[0].strip()}") from error
    except BaseException:
        sampler.cancel()  # Ctrl-C: ends the threads, which would outlive us otherwise
        raise
    progress.update(settings.chains * (settings.tune + raw.length))
    return raw


def _watch(
    sampler: Any,
    count: Callable[[], int],
    ndim: int,
    settings: NutsSettings,
    progress: SamplingProgress,
    stopping: Stopping,
) -> RawDraws:
    """Wait, look at the draws when there are as many as ``stopping`` asks for, and return those of the run."""
    wait_for = 0
    while not _is_finished(sampler):
        done = count()
        progress.update(done)
        if stopping.time_is_up:
            stopping.reason = "minutes"
            return _collect(sampler.inspect(), ndim, settings.tune)
        wait_for = max(wait_for, settings.chains * (settings.tune + stopping.next))
        if stopping.next < settings.draws and done >= wait_for:
            raw, before = _collect(sampler.inspect(), ndim, settings.tune), stopping.next
            if (found := stopping.first_enough(raw)) is not None:
                return found
            if stopping.last is not None and stopping.next > before:
                progress.go_on(settings.chains * (settings.tune + stopping.expected), stopping.last.missing)
            wait_for = done + max(0, stopping.next - raw.length)  # of the slowest chain
        time.sleep(POLL_SECONDS)
    raw = _collect(sampler.wait(), ndim, settings.tune)
    return stopping.first_enough(raw) or raw


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


def _collect(trace: Any, ndim: int, tune: int) -> RawDraws:
    """The draws after warm-up that every chain has."""
    draws, stats = trace.get_arrow_trace()
    length = max(0, min(batch.num_rows for batch in (*draws, *stats)) - tune)

    def numpy(batches: list[Any], name: str) -> npt.NDArray[np.generic]:
        columns = (pyarrow.array(batch.column(name)).slice(tune, length) for batch in batches)
        flat = (column.flatten() if pyarrow.types.is_large_list(column.type) else column for column in columns)
        return np.stack([column.to_numpy(zero_copy_only=False) for column in flat])

    u = numpy(draws, "u").reshape(len(draws), length, ndim).astype(np.float64)
    statistics = {name: numpy(stats, column) for name, column in _COLUMNS.items()}
    if _ENERGY_OF_TRANSFORMED and length:
        statistics["energy"] = statistics["energy"] - np.array([[_log_determinant(batch)] for batch in stats])
    statistics["n_steps"] = statistics["n_steps"].astype(np.int64)
    return RawDraws(u, statistics | {"tree_depth": tree_depth(statistics["n_steps"])})


def _log_determinant(stats: Any) -> float:
    """Of the transformation that a chain's draws were made with: of the last one, which warm-up has ended with."""
    scales = pyarrow.array(stats.column("mass_matrix_inv")).drop_null()
    return float(np.log(np.asarray(scales[-1].as_py())).sum())
