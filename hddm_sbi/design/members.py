"""The groups of a grouping factor, participants above all, in the cells of a design."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.design import Design
from hddm_sbi.trials.trials import Trials

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Members:
    """What is known of groups in cells.

    Args:
        rows: covariates of each group in each cell, group by group, shape (groups * cells, columns).
        groups: for each grouping factor, the group of each of these rows, -1 where there is no single one.
        seen: whether the group has trials in the cell, shape (groups, cells).
    """

    rows: pd.DataFrame
    groups: dict[str, IntArray]
    seen: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """Cells, and where trials are in them.

    Args:
        population: covariates of all cells, shape (cells, columns).
        cell: cell of each trial, those that differ in the values of ``each`` counted once, shape (trials,).
        each: at how many combinations of values, which no trial need have, each of these is.
        numbers: by trial, the covariates that are at their mean in ``population``.
        split: those of them that stand in ``within(x)`` and ``between(x)`` alone.
    """

    population: pd.DataFrame
    cell: IntArray
    each: int
    numbers: pd.DataFrame
    split: Collection[str]


def find_members(grid: Grid, design: Design, trials: Trials, factor: str, index: IntArray, count: int) -> Members:
    """The groups of a factor in the cells.

    Args:
        grid: the cells.
        design: the design.
        trials: the trials it was built from.
        factor: name of the factor.
        index: group of each trial, shape (trials,).
        count: number of groups.
    """
    n_cells = len(grid.population)
    rows = grid.population.iloc[np.tile(np.arange(n_cells), count)].reset_index(drop=True)
    by_group = grid.numbers.groupby(index)
    constant = by_group.nunique().max() == 1
    first, means = (found.reindex(range(count)) for found in (by_group.first(), by_group.mean()))
    for name in grid.numbers:
        if constant[name] or name in grid.split:
            values = (first if constant[name] else means)[name]
            rows[name] = np.repeat(values.to_numpy(dtype=np.float64), n_cells)
    _add_participants(rows, design, trials, index, n_cells)
    distinct = n_cells // grid.each
    place, n_places = index * distinct + grid.cell, count * distinct
    seen = np.zeros(n_places, dtype=np.bool_)
    seen[place] = True
    groups = {
        name: np.repeat(_single(grouping.index, place, n_places), grid.each)
        for name, grouping in design.groupings.items()
    }
    if factor in groups:
        groups[factor] = np.repeat(np.arange(count), n_cells)  # also in cells that it never saw
    return Members(rows, groups, np.repeat(seen, grid.each).reshape(count, n_cells))


def _add_participants(rows: pd.DataFrame, design: Design, trials: Trials, index: IntArray, n_cells: int) -> None:
    """The columns that say whose trials they are, where each group is a participant's own."""
    if not design.columns.participant or not len(index):
        return
    who = _single(trials.subject, index, len(rows) // n_cells)
    if (who < 0).any():
        return
    first = pd.Series(trials.subject).drop_duplicates().sort_values().index.to_numpy()
    for name in design.columns.participant:
        rows[name] = np.repeat(trials.frame[name].to_numpy()[first[who]], n_cells)


def _single(index: IntArray, place: IntArray, n_places: int) -> IntArray:
    """The group that all trials of a place share, -1 where they do not or there are none."""
    lowest = np.full(n_places, np.iinfo(np.int64).max)
    highest = np.full(n_places, -1)
    np.minimum.at(lowest, place, index)
    np.maximum.at(highest, place, index)
    return np.where(lowest == highest, highest, -1)
