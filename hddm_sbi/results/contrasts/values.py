"""Draws of a quantity: the typical participant's, the population's mean, or each participant's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.conditions import Conditions
from hddm_sbi.results.contrasts.asked import Asked, FloatArray
from hddm_sbi.results.contrasts.cells import Cells
from hddm_sbi.spec.condition_specs import ConditionSpecs, condition_specs
from hddm_sbi.spec.linear import common_predictor, group_predictor, natural_values, population_means, typical_values
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec

BoolArray = npt.NDArray[np.bool_]

# Whose values: the population's typical participant or mean; each participant's, or the mean of those in the data.
OF = ("typical", "mean", "participants", "sample")
SCALES = ("natural", "link")


def specs_at(asked: Asked, cells: Cells) -> ConditionSpecs:
    """The model with one design row for each cell, and for each participant in each cell."""
    return condition_specs(asked.spec, asked.design, _conditions_at(asked.conditions, cells))


def of_population(asked: Asked, cells: Cells, of: str, scale: str) -> FloatArray:
    """Draws of the population's value, the mean of its cells, shape (chains, draws)."""
    spec = specs_at(asked, cells).population
    parameter = spec.parameter(cells.quantity.parameter)
    if scale == "link":
        found = _on_link(spec, parameter, asked, groups=False)
    elif of == "mean":
        found = population_means(spec, parameter, asked.coefficients)
    else:
        found = typical_values(spec, parameter, asked.coefficients)
    return np.broadcast_to(np.asarray(found).mean(axis=-1), asked.shape)


def of_participants(asked: Asked, cells: Cells, scale: str) -> FloatArray:
    """Draws of participants' values, shape (chains, draws, participants).

    Each value is the mean of the cells; of a factor that does not vary within participants the participant's own level
    alone counts. NaN where a participant lacks one of the cells.
    """
    spec = specs_at(asked, cells).participants
    assert spec is not None
    parameter = spec.parameter(cells.quantity.parameter)
    if scale == "link":
        found = _on_link(spec, parameter, asked, groups=True)
    else:
        found = natural_values(spec, parameter, asked.coefficients)
    needed = needed_cells(asked.conditions, cells)
    found = np.broadcast_to(found, (*asked.shape, found.shape[-1])).reshape(*asked.shape, *needed.shape)
    counts = needed.sum(axis=1)
    mean = np.where(needed, found, 0.0).sum(axis=-1) / np.maximum(counts, 1)
    return np.where(counts > 0, mean, np.nan)


def _on_link(spec: ModelSpec, parameter: ParameterSpec, asked: Asked, groups: bool) -> FloatArray:
    if parameter.fixed is not None:
        return np.full(spec.n_rows, float(parameter.link_function.forward(np.asarray(parameter.fixed))))
    found = common_predictor(parameter, asked.coefficients, spec.n_rows)
    return found + group_predictor(parameter, asked.coefficients, spec.n_rows) if groups else found


def needed_cells(conditions: Conditions, cells: Cells) -> BoolArray:
    """The cells that make up each participant's value, shape (participants, cells); none where one of them is lacking.

    A participant needs the cells that have the participant's own levels of the factors between participants.
    """
    seen = conditions.seen
    has = np.column_stack([seen[:, where].any(axis=1) for where in cells.conditions])
    own = np.ones(has.shape, dtype=np.bool_)
    for factor in between_participants(conditions, cells.factors):
        codes = np.asarray(pd.factorize(conditions.table[factor])[0])
        of_cell = np.array([codes[where[0]] for where in cells.conditions])
        own &= of_cell == np.array([codes[row][0] for row in seen])[:, np.newaxis]
    complete = np.asarray(~(own & ~has).any(axis=1) & own.any(axis=1))
    return own & complete[:, np.newaxis]


def between_participants(conditions: Conditions, factors: Iterable[str]) -> tuple[str, ...]:
    """Those of the factors that have the same level on all trials of each participant."""
    levels = {factor: np.asarray(pd.factorize(conditions.table[factor])[0]) for factor in factors}
    return tuple(
        factor for factor, codes in levels.items() if all(len(set(codes[row])) == 1 for row in conditions.seen)
    )


def _conditions_at(conditions: Conditions, cells: Cells) -> Conditions:
    """Conditions whose rows are the cells of one quantity."""
    found, stated = conditions.merged(cells.conditions), {name: float(value) for name, value in cells.stated.items()}
    of_participants = None if found.participants is None else found.participants.assign(**stated)
    return replace(found, population=found.population.assign(**stated), participants=of_participants)
