"""The posterior as a list of scalar quantities, ordered for reading: population, standard deviations, participants."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import DataError
from hddm_sbi.results.to_arviz import Results, group
from hddm_sbi.spec.stimulus import bias_of

FloatArray = npt.NDArray[np.float64]

SAMPLE_DIMS = ("chain", "draw")

# Draws of a block of quantities: what is computed of them takes about 100 bytes each.
_NUMBERS_AT_ONCE = 500_000

# What a variable is, in the order in which tables show it.
KINDS = ("typical", "mean", "coefficient", "sd", "correlation", "participant", "deviation")


@dataclass(frozen=True)
class Quantities:
    """Scalar quantities of a posterior and their draws.

    Args:
        labels: the name of each quantity, such as ``v[conf=HC]``.
        variables: the variable that each quantity belongs to.
        kinds: of each, one of ``KINDS``: the typical participant's value and the population mean (natural scale),
            population coefficients, group standard deviations and correlations (link scale), participants' values
            (natural scale), their deviations (link scale).
        columns: draws of each quantity, shape (chains, draws).
        places: of each, its place in the variable.
    """

    labels: tuple[str, ...]
    variables: tuple[str, ...]
    kinds: tuple[str, ...]
    columns: tuple[FloatArray, ...]
    places: tuple[tuple[int, ...], ...]

    @cached_property
    def draws(self) -> FloatArray:
        """All of them together, a copy, shape (chains, draws, quantities); ``blocks`` takes less memory."""
        return np.stack(self.columns, axis=-1)

    def only(self, places: Sequence[int]) -> Quantities:
        """Those at some places in the list."""
        return Quantities(
            tuple(self.labels[k] for k in places), tuple(self.variables[k] for k in places),
            tuple(self.kinds[k] for k in places), tuple(self.columns[k] for k in places),
            tuple(self.places[k] for k in places),
        )  # fmt: skip

    def of_kinds(self, kinds: Collection[str]) -> Quantities:
        """Those of some kinds."""
        return self.only([k for k, kind in enumerate(self.kinds) if kind in kinds])

    def blocks(self) -> Iterator[FloatArray]:
        """Some quantities at a time, in their order, each of shape (chains, draws, quantities)."""
        size = max(1, _NUMBERS_AT_ONCE // max(self.columns[0].size, 1))
        for start in range(0, len(self.columns), size):
            yield np.stack(self.columns[start : start + size], axis=-1)


def quantities(idata: Results) -> Quantities:
    """Every scalar of the posterior that is estimated.

    Cells without values (a condition that a participant never saw) are left out, and those that are the same in every
    draw, which is no estimate: the drift where S is 0 in ``v ~ 0 + S``.
    """
    return quantities_of(group(idata, "posterior"))


def quantities_of(posterior: xr.Dataset) -> Quantities:
    """The same for the group ``posterior`` alone."""
    names = _Names(posterior)
    kinds = {str(name): names.kind(str(name)) for name in posterior.data_vars}
    ordered = sorted(kinds, key=lambda name: KINDS.index(kinds[name]))
    found = [(*cell, name, kinds[name]) for name in ordered for cell in _cells(posterior[name])]
    if not found:
        raise DataError("the posterior holds no variables.")
    # of a single draw everything is the same
    estimated = [one[1:] for one in found if one[0]] or [one[1:] for one in found]
    labels, places, columns, variables, of_kind = zip(*estimated, strict=True)
    return Quantities(labels, variables, of_kind, columns, places)


def _cells(variable: xr.DataArray) -> Iterator[tuple[bool, str, tuple[int, ...], FloatArray]]:
    """Of each cell that has values whether they differ, label, place in the variable and draws, (chains, draws)."""
    dims = tuple(dim for dim in variable.dims if dim not in SAMPLE_DIMS)
    values = variable.transpose(*SAMPLE_DIMS, *dims).to_numpy().astype(np.float64, copy=False)
    labels, is_correlation = [variable[dim].to_numpy() for dim in dims], _is_correlation(variable)
    lowest, highest = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    differ = ~((lowest == highest) & np.isfinite(lowest))
    for index in np.ndindex(values.shape[2:]):
        if is_correlation and index[-2] >= index[-1]:
            continue  # the matrix is symmetric, and its diagonal 1
        draws = values[(slice(None), slice(None), *index)]
        if not np.isnan(draws).all():
            at = [str(of_dim[i]) for of_dim, i in zip(labels, index, strict=True)]
            label = f"{variable.name}[{', '.join(at)}]" if at else str(variable.name)
            yield bool(differ[index]), label, index, draws


def _is_correlation(variable: xr.DataArray) -> bool:
    """Whether a variable holds matrices: one of its dimensions is there twice."""
    return any(f"{dim}_bis" in variable.dims for dim in variable.dims)


class _Names:
    """Tells what a variable is from its name: ``p``, ``p_mean``, ``p_x``, ``p_x_subject_sd``, ``p_x_subject``."""

    def __init__(self, posterior: xr.Dataset) -> None:
        self._groups = {str(name): _grouping(variable) for name, variable in posterior.data_vars.items()}
        self._correlations = {str(name) for name in posterior.data_vars if _is_correlation(posterior[name])}
        stems = {self._stem(name) for name in self._groups if name not in self._correlations}
        # every other name begins with its parameter's; v_bias is a parameter beside v, unless a column is called bias
        self._parameters = {stem for stem in stems if not any(stem.startswith(f"{other}_") for other in stems)}
        beside = {bias_of(parameter) for parameter in self._parameters} & stems
        self._parameters |= {one for one in beside if {f"{one}_mean", f"{one}_Intercept"} & stems}

    def kind(self, name: str) -> str:
        if name in self._correlations:
            return "correlation"
        stem = self._stem(name)
        if self._is_sd(name):
            return "sd"
        if self._groups[name]:
            return "participant" if stem in self._parameters else "deviation"
        if stem in self._parameters:
            return "typical"
        return "mean" if stem.removesuffix("_mean") in self._parameters else "coefficient"

    def _is_sd(self, name: str) -> bool:
        return name.endswith("_sd") and bool(self._groups.get(name.removesuffix("_sd")))

    def _stem(self, name: str) -> str:
        name = name.removesuffix("_sd") if self._is_sd(name) else name
        for factor in self._groups[name]:
            name = name.removesuffix(f"_{factor}")
        return name


def _grouping(variable: xr.DataArray) -> tuple[str, ...]:
    """The grouping columns among a variable's dimensions: it is named after them."""
    return tuple(str(dim) for dim in variable.dims if str(variable.name).endswith(f"_{dim}"))
