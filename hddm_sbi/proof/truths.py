"""Where the true parameters of simulated experiments come from: a posterior, a table, or the prior."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.errors import DataError
from hddm_sbi.inference.new_groups import draw_deviations
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.proof.experiment import Coefficients, Experiment, FloatArray
from hddm_sbi.results.quantities import quantities_of
from hddm_sbi.spec.group_block import GroupBlock, apart_terms, blocks_of, cut
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.spec.recoding import to_sampled
from hddm_sbi.trials.columns import listed

# Draws of a posterior that are sent to workers: truths are drawn from them.
_MOST = 1_000


class Truths(Protocol):
    """A law of true parameters."""

    @property
    def origin(self) -> str:
        """In words, with a checksum of what it holds."""
        ...

    def draw(self, experiment: Experiment, number: int, rng: np.random.Generator) -> Coefficients:
        """Coefficients by site of one data set, each of shape (1, 1, *site shape)."""
        ...


@dataclass(frozen=True)
class FromPrior:
    """Draws of all parameters, participants' too, from the model's prior."""

    origin: str = "the prior"

    def draw(self, experiment: Experiment, number: int, rng: np.random.Generator) -> Coefficients:
        """One draw."""
        return prior_coefficients(experiment.spec, 1, int(rng.integers(2**31)))


@dataclass(frozen=True)
class FromDraws:
    """Draws of a posterior, of the population and of the participants in the data.

    Args:
        coefficients: by site, each of shape (draws, *site shape).
    """

    coefficients: Coefficients

    @classmethod
    def of(cls, coefficients: Coefficients) -> FromDraws:
        """From what a posterior holds, (chains, draws, *site shape); of many draws evenly spaced ones."""
        flat = {site: value.reshape(-1, *value.shape[2:]) for site, value in coefficients.items()}
        step = max(1, len(next(iter(flat.values()))) // _MOST)
        return cls({site: np.ascontiguousarray(value[::step]) for site, value in flat.items()})

    @property
    def origin(self) -> str:
        """With a checksum of the draws."""
        return f"a posterior ({_checksum(self.coefficients)})"

    def draw(self, experiment: Experiment, number: int, rng: np.random.Generator) -> Coefficients:
        """One of them."""
        at = rng.integers(len(next(iter(self.coefficients.values()))))
        return {site: value[np.newaxis, np.newaxis, at] for site, value in self.coefficients.items()}


@dataclass(frozen=True)
class FromTable:
    """Given values of the population, a row for each data set in turn, and participants drawn from it.

    Args:
        values: posterior variables of the population, each of shape (rows, *shape).
    """

    values: Mapping[str, FloatArray]

    @classmethod
    def of(cls, experiment: Experiment, table: pd.DataFrame) -> FromTable:
        """From a table whose columns are named as the results' population quantities.

        Raises:
            DataError: columns are missing, unknown or without numbers, there are no rows, or there is no population.
        """
        if apart_terms(experiment.spec):
            raise DataError(
                "truth is a table of population values, but with pooling='none' there is no population: give draws of "
                "a posterior, or 'prior'."
            )
        pattern = experiment.posterior(prior_coefficients(experiment.spec, 1, 0))
        return cls(_read(table, _settable(experiment.spec, pattern)))

    @property
    def origin(self) -> str:
        """With a checksum of the table."""
        return f"a table ({_checksum(self.values)})"

    def draw(self, experiment: Experiment, number: int, rng: np.random.Generator) -> Coefficients:
        """The row of this number, from the first again after the last, with participants."""
        spec = experiment.spec
        pattern = experiment.posterior(prior_coefficients(spec, 1, 0))
        reported = {str(name): np.zeros_like(pattern[name].to_numpy()) for name in pattern.data_vars}
        for name, values in self.values.items():
            reported[name] = values[np.newaxis, np.newaxis, number % len(values)]
        found = dict(to_sampled(spec, reported))
        for block in blocks_of(spec):
            found |= _deviations(block, found, rng)
        return found


def truths_of(experiment: Experiment, truth: object, coefficients: Coefficients | None) -> Truths:
    """What the user's ``truth`` stands for.

    Args:
        experiment: the experiment.
        truth: as it was given: ``"prior"``, a table, or results.
        coefficients: of these results; None where it is neither.

    Raises:
        DataError: it is none of them.
    """
    if isinstance(truth, str):
        if truth != "prior":
            raise DataError(
                f"truth is {truth!r}; give 'prior', results of sample, or a DataFrame of population values."
            )
        return FromPrior()
    if isinstance(truth, pd.DataFrame):
        return FromTable.of(experiment, truth)
    assert coefficients is not None
    return FromDraws.of(coefficients)


def _deviations(block: GroupBlock, sampled: Coefficients, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Deviations of all groups of a block from their population."""
    cholesky = block.population_cholesky(sampled)
    drawn = [draw_deviations(cholesky[..., stratum, :, :], rng) for stratum in block.groups.of_group]
    return cut(block.terms, np.stack(drawn, axis=2))


@dataclass(frozen=True)
class _Variable:
    """A posterior variable of the population.

    Args:
        shape: its own, without draws.
        cells: the place in it of each quantity, by label.
        symmetric: whether it is a correlation matrix, of which quantities are the upper half.
    """

    shape: tuple[int, ...]
    cells: Mapping[str, tuple[int, ...]]
    symmetric: bool

    def filled(self, table: pd.DataFrame) -> FloatArray:
        """Its values, (rows, *shape), from columns named as the quantities."""
        values: FloatArray = np.zeros((len(table), *self.shape))
        if self.symmetric:
            values[...] = np.eye(self.shape[-1])
        for label, place in self.cells.items():
            column = pd.to_numeric(table[label], errors="coerce").to_numpy(np.float64)
            if not np.isfinite(column).all():
                raise DataError(f"truth has no number in the column '{label}' of some row: give each a value.")
            at: Any = (slice(None), *place)
            values[at] = column
            if self.symmetric:
                values[(*at[:-2], at[-1], at[-2])] = column
        return values


def population_variables(spec: ModelSpec) -> tuple[str, ...]:
    """The posterior variables from which all others of the population follow."""
    names = {term.reported.variable for one in spec.reported.parameters for term in one.common}
    names |= {term.sd_variable for _, term in spec.reported.group_terms() if term.sd_prior is not None}
    return tuple(sorted(names | _correlations(spec)))


def _correlations(spec: ModelSpec) -> set[str]:
    return {one.correlation.posterior_variable for block in blocks_of(spec) for one in block.sets}


def _settable(spec: ModelSpec, pattern: xr.Dataset) -> dict[str, _Variable]:
    of_blocks = _correlations(spec)
    found = quantities_of(pattern[list(population_variables(spec))])
    cells: dict[str, dict[str, tuple[int, ...]]] = {}
    for label, variable, place in zip(found.labels, found.variables, found.places, strict=True):
        cells.setdefault(variable, {})[label] = place
    return {name: _Variable(pattern[name].shape[2:], own, name in of_blocks) for name, own in cells.items()}


def _read(table: pd.DataFrame, variables: Mapping[str, _Variable]) -> dict[str, FloatArray]:
    labels = [label for variable in variables.values() for label in variable.cells]
    unknown = [str(name) for name in table.columns if name not in labels]
    if unknown:
        raise DataError(
            f"truth has the column '{unknown[0]}', which is no value of this model's population; its columns are "
            f"{listed(labels)}."
        )
    missing = [label for label in labels if label not in table.columns]
    if missing:
        raise DataError(f"truth lacks the column{'s' * (len(missing) > 1)} {listed(missing)}: give each a value.")
    if table.empty:
        raise DataError("truth has no rows: give one row for each set of true values.")
    return {name: variable.filled(table) for name, variable in variables.items()}


def _checksum(values: Mapping[str, FloatArray]) -> str:
    known = hashlib.sha256()
    for name in sorted(values):
        known.update(name.encode() + np.ascontiguousarray(values[name], np.float64).tobytes())
    return known.hexdigest()[:12]
