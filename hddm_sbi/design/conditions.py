"""Conditions: the cells of the factors in the formulas that occur, and which participant saw which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.columns import is_sign
from hddm_sbi.design.design import Design
from hddm_sbi.design.parameter import ParameterDesign
from hddm_sbi.design.within_between import split_columns
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.trials import Trials

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Conditions:
    """The cells at which results are reported; a single one, without a label, where no formula names a factor.

    All parameters share one set of cells, those of all factors that any formula names, because results have one
    dimension ``condition``: a parameter that depends on fewer factors has equal values in several cells. A number that
    is -1 or 1 counts as a factor here: its mean, near 0, is no trial's.

    Args:
        table: one row for each cell, one column for each factor, index ``condition`` with labels ``conf=HC, stim=WW``.
        factors: the factors in the own formula of each parameter that has any.
        population: covariates of each cell, numeric ones at their mean over trials, shape (cells, columns).
        participants: covariates of each participant in each cell, participant by participant, shape
            (participants * cells, columns); numeric ones that do not vary within participants have the participant's
            own value, those in ``within(x)`` and ``between(x)`` alone the participant's mean. None without
            participants.
        groups: for each grouping factor, the group of each row of ``participants``, -1 where there is no single one.
        seen: whether the participant has trials in the cell, shape (participants, cells).
    """

    table: pd.DataFrame
    factors: Mapping[str, tuple[str, ...]]
    population: pd.DataFrame
    participants: pd.DataFrame | None
    groups: dict[str, IntArray]
    seen: npt.NDArray[np.bool_]

    @property
    def by_condition(self) -> tuple[str, ...]:
        """Parameters whose own formula names a factor."""
        return tuple(self.factors)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the cells; empty where no formula names a factor."""
        return tuple(self.table.index) if len(self.table.columns) else ()


def find_conditions(design: Design, trials: Trials) -> Conditions:
    """The conditions of a design on the trials it was built from."""
    prepared = design.columns.prepare(trials.frame)
    signs = {column for column in prepared if is_sign(prepared[column])}
    factors_of = {name: _factors(parameter, design, signs) for name, parameter in design.parameters.items()}
    factors = list(dict.fromkeys(factor for found in factors_of.values() for factor in found))
    numeric = [column for column in design.columns.levels if column not in factors]
    cell, representative = _cells(prepared, factors)
    table = trials.frame.loc[representative, factors].reset_index(drop=True)
    labels = [", ".join(f"{factor}={plain(row[factor])}" for factor in factors) for _, row in table.iterrows()]
    table.index = pd.Index(labels, name="condition")
    means = prepared[numeric].mean()
    population = pd.concat([table.reset_index(drop=True), _repeat(means, len(table))], axis=1)
    own = {name: tuple(dict.fromkeys(found)) for name, found in factors_of.items() if found}
    if trials.groupby is None or not trials.subjects:
        none = np.zeros((0, len(table)), dtype=np.bool_)
        return Conditions(table, own, population, None, {}, none)
    split = split_columns(term.source for parameter in design.parameters.values() for term in parameter.terms)
    participants, seen = _participants(population, prepared, numeric, trials, cell, split)
    first = pd.Series(trials.subject).drop_duplicates().sort_values().index.to_numpy()
    for name in design.columns.participant:
        participants[name] = np.repeat(trials.frame[name].to_numpy()[first], len(table))
    groups = {
        name: _single_group(grouping.index, trials.subject * len(table) + cell, seen.size)
        for name, grouping in design.groupings.items()
    }
    if trials.groupby in groups:
        groups[trials.groupby] = np.repeat(np.arange(len(trials.subjects)), len(table))
    return Conditions(table, own, population, participants, groups, seen)


def _factors(parameter: ParameterDesign, design: Design, signs: Collection[str]) -> list[str]:
    # text inside a numeric function, such as binary(conf), has no mean and so makes conditions too
    return [
        name
        for term in parameter.terms
        for name in term.variables
        if name in term.factors or design.columns.levels[name] is not None or name in signs
    ]


def _cells(prepared: pd.DataFrame, factors: list[str]) -> tuple[IntArray, IntArray]:
    """The cell of each trial, cells in the order of their levels, and a trial of each cell."""
    if not factors:
        return np.zeros(len(prepared), dtype=np.int64), np.zeros(1, dtype=np.int64)
    codes = np.column_stack([np.unique(_codes(prepared[factor]), return_inverse=True)[1] for factor in factors])
    _, representative, cell = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    return cell.reshape(-1).astype(np.int64), representative.astype(np.int64)


def _codes(column: pd.Series) -> npt.NDArray[np.float64]:
    values = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
    return values.to_numpy(dtype=np.float64)


def _repeat(means: pd.Series, n: int) -> pd.DataFrame:
    return pd.DataFrame({name: np.full(n, value) for name, value in means.items()}, index=range(n))


def _participants(
    population: pd.DataFrame,
    prepared: pd.DataFrame,
    numeric: list[str],
    trials: Trials,
    cell: IntArray,
    split: Collection[str],
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Covariates of participants x cells, and which of them occur; those in ``split`` are at their own means."""
    n_subjects, n_cells = len(trials.subjects), len(population)
    rows = population.iloc[np.tile(np.arange(n_cells), n_subjects)].reset_index(drop=True)
    by_subject = prepared[numeric].groupby(trials.subject)
    constant = by_subject.nunique().max() == 1
    own, means = (found.reindex(range(n_subjects)) for found in (by_subject.first(), by_subject.mean()))
    for name in numeric:
        if constant[name] or name in split:
            values = (own if constant[name] else means)[name]
            rows[name] = np.repeat(values.to_numpy(dtype=np.float64), n_cells)
    seen = np.zeros((n_subjects, n_cells), dtype=np.bool_)
    seen[trials.subject, cell] = True
    return rows, seen


def _single_group(index: IntArray, place: IntArray, n_places: int) -> IntArray:
    """The group that all trials of a place share, -1 where they do not or there are none."""
    lowest = np.full(n_places, np.iinfo(np.int64).max)
    highest = np.full(n_places, -1)
    np.minimum.at(lowest, place, index)
    np.maximum.at(highest, place, index)
    return np.where(lowest == highest, highest, -1)
