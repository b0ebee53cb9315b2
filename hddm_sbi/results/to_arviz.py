"""Plain arrays -> ArviZ, on both of its generations; saving and loading.

ArviZ below 1 holds results in its own ``InferenceData``, ArviZ 1 in ``xarray.DataTree``. This is the only file that
knows the difference.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi._files import replacing
from hddm_sbi._room import fits
from hddm_sbi.errors import DataError, ModelError, OutputError
from hddm_sbi.trials.columns import plain

if TYPE_CHECKING:
    import arviz as arviz

Array: TypeAlias = npt.NDArray[Any]
# name -> dims and values; ("chain", "draw", ...) where there are draws
Group: TypeAlias = Mapping[str, tuple[Sequence[str], Array]]
# arviz.InferenceData, or xarray.DataTree on ArviZ 1
Results: TypeAlias = Any

# ArviZ 1 still answers hasattr(arviz, "InferenceData"), with a warning, so the version decides.
HAS_INFERENCE_DATA = int(version("arviz").split(".")[0]) < 1

# ArviZ finds the log likelihood of an observed variable under that variable's name (loo_pit, most plots), and takes
# every data variable of the group for data of its own (loo, compare). The joint log density of a trial's rt and choice
# is therefore the data variable `rt`, and a coordinate `choice`: found under both names, counted once. In a file they
# are one array with two names (a hard link of HDF5), in memory as well.
_COORDINATES = {"log_likelihood": ("choice",)}
_REPEATED, _REPEATS = "choice", "rt"

# Draws compress little, predicted trials and counts well; the fastest level gets most of it.
_COMPRESSION = {"zlib": True, "complevel": 1}


def _arviz() -> Any:
    """ArviZ, which takes a second to import: when it is needed, and without announcing its successor as 0.23 does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return import_module("arviz")


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "arviz":  # others take it from here
            return _arviz()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def to_inference_data(
    groups: Mapping[str, Group], coords: Mapping[str, Sequence[object]], attrs: Mapping[str, str | None]
) -> Results:
    """The results as ArviZ data.

    Args:
        groups: for each group (``posterior``, ``sample_stats``, ...) its variables: dims and values.
        coords: labels of dimensions, as they stand in the data; dimensions without are numbered.
        attrs: facts on the whole, as text; those that are None are left out.

    Returns:
        ``arviz.InferenceData``, or ``xarray.DataTree`` on ArviZ 1.

    Raises:
        ModelError: a dimension has the name of a variable or of another dimension, or a variable has it twice.
    """
    return _assemble(
        to_datasets(groups, coords), {name: str(value) for name, value in attrs.items() if value is not None}
    )


def to_datasets(groups: Mapping[str, Group], coords: Mapping[str, Sequence[object]]) -> dict[str, xr.Dataset]:
    """The groups alone, which ArviZ does not have to be imported for; as ``to_inference_data``."""
    labels = {name: coordinate(values) for name, values in coords.items()}
    return {
        name: _dataset(variables, labels).set_coords(_COORDINATES.get(name, ())) for name, variables in groups.items()
    }


def coordinate(labels: Iterable[object]) -> Array:
    """Labels as an array that a netCDF file can hold: numbers stay numbers, whole ones integers; others become text."""
    values = [plain(label) for label in labels]
    array = np.asarray(values)
    if array.ndim == 1 and array.dtype.kind in "iuf" and not any(isinstance(value, bool) for value in values):
        return array
    return np.array([str(value) for value in values], dtype=np.str_)


def _dataset(variables: Group, labels: Mapping[str, Array]) -> xr.Dataset:
    for name, (dims, _) in variables.items():
        if len(set(dims)) < len(dims) or any(dim in variables for dim in dims):
            taken = next(dim for dim in dims if dim in variables or list(dims).count(dim) > 1)
            raise ModelError(
                f"the column '{taken}' has the name of a result of its own ('{name}' has the dimensions "
                f"{', '.join(dims)}); please rename the column."
            )
    sizes = {dim: size for dims, values in variables.values() for dim, size in zip(dims, values.shape, strict=True)}
    coords = {dim: labels.get(dim, np.arange(size)) for dim, size in sizes.items()}
    for dim, size in sizes.items():
        if len(coords[dim]) != size:  # labels of a grouping column, where results count something else
            raise ModelError(f"the column '{dim}' has the name of a dimension of results; please rename the column.")
    data = {name: (tuple(dims), values) for name, (dims, values) in variables.items()}
    return xr.Dataset(data, coords={dim: (dim, values) for dim, values in coords.items()})


def _assemble(datasets: Mapping[str, xr.Dataset], attrs: Mapping[str, str]) -> Results:
    return _inference_data(datasets, attrs) if HAS_INFERENCE_DATA else _data_tree(datasets, attrs)


def _inference_data(datasets: Mapping[str, xr.Dataset], attrs: Mapping[str, str]) -> Results:
    return _arviz().InferenceData(attrs=dict(attrs), **datasets)


def _data_tree(datasets: Mapping[str, xr.Dataset], attrs: Mapping[str, str]) -> xr.DataTree:
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=dict(attrs)), **datasets})


def group_names(idata: Results) -> tuple[str, ...]:
    """Names of the groups of a result.

    Raises:
        DataError: it is no result.
    """
    if isinstance(idata, xr.DataTree):
        return tuple(idata.children)
    names = getattr(idata, "groups", None)  # a method of InferenceData
    if not callable(names):
        raise DataError(
            f"the results are {idata!r:.80}; give what sample returned, or arviz.from_netcdf(path) of a saved file."
        )
    return tuple(names())


def has_group(idata: Results, name: str) -> bool:
    """Whether a result has the group ``name``."""
    return name in group_names(idata)


def group(idata: Results, name: str) -> xr.Dataset:
    """The group ``name`` of a result.

    Raises:
        DataError: there is no such group.
    """
    if not has_group(idata, name):
        raise DataError(f"the results have no group '{name}', only {', '.join(group_names(idata)) or 'none'}.")
    return idata[name].to_dataset() if isinstance(idata, xr.DataTree) else idata[name]


def spaced(count: int, most: int) -> npt.NDArray[np.int64]:
    """Places of at most so many of a number of things, evenly spaced, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, max(most, 1))).round().astype(np.int64))


def thin(idata: Results, draws: int) -> Results:
    """The posterior with about ``draws`` draws in all, evenly spaced in every chain, and the trials."""
    posterior = group(idata, "posterior")
    keep = spaced(posterior.sizes["draw"], draws // posterior.sizes["chain"])
    trials = {name: group(idata, name) for name in ("observed_data", "constant_data") if has_group(idata, name)}
    return _assemble({"posterior": posterior.isel(draw=keep), **trials}, idata.attrs)


def save(idata: Results, path: Path | str, attrs: Mapping[str, str | None] | None = None) -> None:
    """Write a result as netCDF, replacing ``path`` in one step; readable by ``arviz.from_netcdf`` of any version.

    Args:
        idata: the result.
        path: the file.
        attrs: further facts on the whole, as text; those that are None are left out.

    Raises:
        OutputError: the file cannot be written.
    """
    path = Path(path)
    further = {name: value for name, value in (attrs or {}).items() if value is not None}
    datasets = {name: group(idata, name) for name in group_names(idata)}
    linked = [name for name in _COORDINATES if name in datasets and _is_repeated(datasets[name])]
    datasets |= {name: datasets[name].drop_vars(_REPEATED) for name in linked}
    encoding = {
        f"/{name}": {
            key: _COMPRESSION
            for key, values in dataset.variables.items()
            if key not in dataset.dims and values.dtype.kind in "bif"
        }
        for name, dataset in datasets.items()
    }
    try:
        with replacing(path) as partial:
            _data_tree(datasets, {**idata.attrs, **further}).to_netcdf(partial, engine="h5netcdf", encoding=encoding)
            _link(partial, linked)
    except OSError as error:
        raise OutputError(f"the results cannot be written to '{path}': {error.strerror or error}.") from error


def _is_repeated(dataset: xr.Dataset) -> bool:
    """Whether the log likelihood has its second name, and has not been changed under one of them."""
    if _REPEATED not in dataset.coords or _REPEATS not in dataset.data_vars:
        return False
    one, other = (dataset[name].variable for name in (_REPEATS, _REPEATED))
    # draw by draw: all of them may be more than fits in memory
    places = [{"draw": at} for at in range(dataset.sizes["draw"])] if "draw" in one.dims else [{}]
    return one.dims == other.dims and all(one.isel(at).equals(other.isel(at)) for at in places)


def _link(path: Path, names: Iterable[str]) -> None:
    """Give the log likelihood of a file its second name, as a coordinate."""
    import h5py

    with h5py.File(path, "r+") as file:
        for name in names:
            file[name][_REPEATED] = file[name][_REPEATS]
            file[name].attrs["coordinates"] = _REPEATED


def _linked(path: Path) -> set[str]:
    """The groups of a file in which the log likelihood is one array with two names."""
    import h5py

    with h5py.File(path) as file:
        pairs = {name: [file[name].get(key) for key in (_REPEATED, _REPEATS)] for name in _COORDINATES if name in file}
        return {name for name, (one, other) in pairs.items() if one is not None and one == other}


def _in_memory(dataset: xr.Dataset, linked: bool) -> xr.Dataset:
    """The group in memory, an array that has two names once."""
    if not linked:
        return dataset.load()
    one = dataset.drop_vars(_REPEATED).load()
    return one.assign_coords({_REPEATED: (one[_REPEATS].dims, one[_REPEATS].data)})


def load(path: Path | str) -> Results:
    """Read a result that ``save`` or ArviZ wrote.

    Groups that fit are read into memory, and the file is closed again; it stays open where one does not, such as the
    log likelihoods of a million trials, of which only what is asked for is then read.

    Raises:
        DataError: there is no such file, or it holds no results.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"there is no file '{path}'.")
    try:
        tree = xr.open_datatree(path, engine="h5netcdf", cache=False)
        linked = _linked(path)
        found = {str(name): child.to_dataset() for name, child in tree.children.items()}
        datasets = {
            name: _in_memory(dataset, name in linked) if fits(dataset.nbytes) else dataset
            for name, dataset in found.items()
        }
        attrs = {str(name): str(value) for name, value in tree.attrs.items()}
        if all(fits(dataset.nbytes) for dataset in found.values()):
            tree.close()
    except (OSError, ValueError, KeyError, RuntimeError) as error:  # as h5py and xarray have it, from the inside
        raise DataError(f"the file '{path}' does not hold results, or they are damaged.") from error
    return _assemble(datasets, attrs)


def recorded_model(idata: Results) -> dict[str, Any]:
    """The model that the results were drawn with, as they record it; empty where they do not say."""
    try:
        found = json.loads(idata.attrs["model"])
    except (KeyError, TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
