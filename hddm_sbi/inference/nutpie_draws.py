"""nutpie's draws so far: in memory, or where they would not fit, in files that nutpie writes while it samples."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow  # type: ignore[import-untyped]
import xarray as xr
from nutpie import zarr_store

from hddm_sbi._room import TemporaryFolder, check_disk, fits, free_disk, no_disk
from hddm_sbi.errors import HDDMError, SamplingError
from hddm_sbi.inference.sampler import FloatArray, NutsSettings, RawDraws, tree_depth

# From 0.16.9 on nutpie's energy is that of the transformed coordinates, which contains the log determinant of the
# adapted transformation; its scales are then stored where they change.
ENERGY_OF_TRANSFORMED = tuple(map(int, version("nutpie").split(".")[:3])) >= (0, 16, 9)

# our name -> nutpie's
_COLUMNS = {
    "diverging": "diverging",
    "n_steps": "n_steps",
    "energy": "energy",
    "step_size": "step_size",
    "acceptance_rate": "mean_tree_accept",
    "lp": "logp",
}
_SCALES = "mass_matrix_inv"

# In memory nutpie takes three numbers for each one of u; at a look there are a copy of them, and our own draws.
_COPIES = 7
# What nutpie has in memory it copies as a whole whenever it is asked, of files only what is new is read: beyond so many
# bytes that would take a second.
_QUICKLY_READ = 400_000_000
# Draws that nutpie writes at a time.
_CHUNK = 16

Statistics = dict[str, npt.NDArray[np.generic]]


class NutpieDraws:
    """Where the draws of a run are kept.

    Args:
        ndim: length of u.
        settings: how long the run may be.
        least: number of draws of each chain that it has at least.
        kept: whether the draws are read again and again while it samples, to be kept elsewhere.

    Raises:
        OutputError: they fit neither in memory nor on the disk.
    """

    def __init__(self, ndim: int, settings: NutsSettings, least: int, kept: bool = False) -> None:
        self._ndim, self._tune = ndim, settings.tune
        draw = 8 * ndim * settings.chains
        self._least, self._chunk = draw * (settings.tune + least), draw * _CHUNK
        self._folder = None
        whole = draw * (settings.tune + settings.draws)
        if not fits(_COPIES * whole) or (kept and whole > _QUICKLY_READ):
            check_disk(self._least, "the draws")
            self._folder = TemporaryFolder()

    @property
    def store(self) -> zarr_store.LocalStore | None:
        """For nutpie: the files; None: memory."""
        return None if self._folder is None else zarr_store.LocalStore(str(self._folder.path))

    def so_far(self, sampler: Any) -> RawDraws:
        """The draws after warm-up that every chain has by now."""
        return _from_memory(sampler.inspect(), self._ndim, self._tune) if self._folder is None else self._from_files()

    def at_the_end(self, sampler: Any) -> RawDraws:
        """All draws after warm-up, when the sampler is done."""
        trace = sampler.wait()
        return _from_memory(trace, self._ndim, self._tune) if self._folder is None else self._from_files()

    def explain(self, error: RuntimeError) -> HDDMError:
        """What a failure of nutpie means for the user."""
        if self._folder is not None and free_disk() < self._chunk:
            return no_disk(self._least, "the draws")
        return SamplingError(f"nutpie stopped: {str(error).split('Stack backtrace')[0].strip()}")

    def _from_files(self) -> RawDraws:
        """The draws are read from the files when they are needed."""
        assert self._folder is not None
        stats, u = _group(self._folder.path, "sample_stats"), _group(self._folder.path, "posterior")["u"]
        length = int(np.isfinite(stats["logp"].to_numpy()).sum(axis=1).min())
        while length and not np.isfinite(u[:, length - 1].to_numpy()).all():  # this chunk is still to be written
            length -= 1
        statistics: Statistics = {name: stats[column][:, :length].to_numpy() for name, column in _COLUMNS.items()}
        if ENERGY_OF_TRANSFORMED and length:
            scales = _group(self._folder.path, "warmup_sample_stats")[_SCALES], stats[_SCALES]
            last = np.array([_last_rows(*scales, chain) for chain in range(len(u))])
            statistics["energy"] = statistics["energy"] - np.log(last).sum(axis=1, keepdims=True)
        return RawDraws(u[:, :length], _typed(statistics), keep=self._folder)


def _group(path: Path, name: str) -> xr.Dataset:
    """A group of nutpie's files, of which only what is asked for is read."""
    return xr.open_dataset(path, engine="zarr", group=name, consolidated=False, cache=False)


def _last_rows(warmup: xr.DataArray, after: xr.DataArray, chain: int) -> FloatArray:
    """The last scales that were stored in a chain."""
    for values in (after, warmup):
        known = np.flatnonzero(np.isfinite(values[chain, :, 0].to_numpy()))
        if known.size:
            return np.asarray(values[chain, int(known[-1])].to_numpy(), dtype=np.float64)
    return np.ones(warmup.shape[-1])


def _from_memory(trace: Any, ndim: int, tune: int) -> RawDraws:
    draws, stats = trace.get_arrow_trace()
    length = max(0, min(batch.num_rows for batch in (*draws, *stats)) - tune)

    def numpy(batches: list[Any], name: str) -> npt.NDArray[np.generic]:
        columns = (pyarrow.array(batch.column(name)).slice(tune, length) for batch in batches)
        flat = (column.flatten() if pyarrow.types.is_large_list(column.type) else column for column in columns)
        return np.stack([column.to_numpy(zero_copy_only=False) for column in flat])

    u = numpy(draws, "u").reshape(len(draws), length, ndim).astype(np.float64, copy=False)
    statistics = {name: numpy(stats, column) for name, column in _COLUMNS.items()}
    if ENERGY_OF_TRANSFORMED and length:
        statistics["energy"] = statistics["energy"] - np.array([[_log_determinant(batch)] for batch in stats])
    return RawDraws(u, _typed(statistics))


def _typed(statistics: Statistics) -> Statistics:
    """The statistics in the types of ``RawDraws``, with the depth of the trees."""
    n_steps = statistics["n_steps"].astype(np.int64)
    return statistics | {"n_steps": n_steps, "tree_depth": tree_depth(n_steps)}


def _log_determinant(stats: Any) -> float:
    """Of the transformation that a chain's draws were made with: of the last one, which warm-up has ended with."""
    scales = pyarrow.array(stats.column(_SCALES)).drop_null()
    return float(np.log(np.asarray(scales[-1].as_py())).sum())
