"""Conditions: the cells at which results are reported, and which participant saw which.

They are the cells of the factors in the formulas that occur. A number is at its mean over trials, but for two cases in
which the mean answers nothing: a code of two or three values, whose mean is no trial's, counts as a factor; and where a
parameter would be constant at the mean, as the drift of ``v ~ 0 + x`` is where x is centred, or the same for all
groups, as with ``(0 + x | subject)``, x is at a standard deviation to either side.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.columns import is_code
from hddm_sbi.design.design import Design
from hddm_sbi.design.members import Grid, IntArray, find_members
from hddm_sbi.design.parameter import ParameterDesign
from hddm_sbi.design.within_between import split_columns
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A parameter is as good as constant where columns are this much smaller than on trials: x is centred but for a few.
_NEAR = 0.25
# A mean that is this much smaller than the values is 0 but for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Conditions:
    """The cells at which results are reported; a single one, without a label, where no formula names a factor.

    All parameters share one set of cells, those of all factors that any formula names, because results have one
    dimension ``condition``: a parameter that depends on fewer factors has equal values in several cells.

    Args:
        table: one row for each cell, one column for each factor, index ``condition`` with labels ``conf=HC, stim=WW``.
        factors: the factors in the own formula of each parameter that has any.
        population: covariates of each cell, shape (cells, columns).
        participants: covariates of each participant in each cell, participant by participant, shape
            (participants * cells, columns); numeric ones that do not vary within participants have the participant's
            own value, those in ``within(x)`` and ``between(x)`` alone the participant's mean. None without
            participants.
        groups: for each grouping factor, the group of each row of ``participants``, -1 where there is no single one.
        seen: whether the participant has trials in the cell, shape (participants, cells).
        held: the mean of each number that is at its mean.
        numeric: the factors that are numbers.
        factor: the grouping factor of the participants; None without them.
        others: for each other grouping factor the same, with its groups in the place of the participants.
        parts: the grouping factors that divide participants further.
    """

    table: pd.DataFrame
    factors: Mapping[str, tuple[str, ...]]
    population: pd.DataFrame
    participants: pd.DataFrame | None
    groups: dict[str, IntArray]
    seen: BoolArray
    held: Mapping[str, float] = field(default_factory=dict)
    numeric: tuple[str, ...] = ()
    factor: str | None = None
    others: Mapping[str, Conditions] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    @property
    def by_condition(self) -> tuple[str, ...]:
        """Parameters whose own formula names a factor."""
        return tuple(self.factors)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the cells; empty where no formula names a factor."""
        return tuple(self.table.index) if len(self.table.columns) else ()

    @property
    def held_in_words(self) -> list[tuple[str, str]]:
        """Where numbers are, for what is not stated otherwise: pairs of name and words."""
        return [(name, f"its mean, {mean:.4g}{self._own(name)}") for name, mean in self.held.items()]

    def _own(self, column: str) -> str:
        """Whether participants are at values of their own, in words."""
        own = self.participants is not None and self.participants[column].nunique() > 1
        return "; participants at their own" if own else ""

    @property
    def grouped_by(self) -> tuple[str, ...]:
        """The grouping factors, that of the participants first."""
        return (*(() if self.factor is None else (self.factor,)), *self.others)

    def tells(self, factor: str, by_condition: bool) -> bool:
        """Whether participants have a single group of another factor, in each cell that they saw or altogether."""
        of = self if by_condition else self.merged([np.arange(len(self.table))])
        return bool((of.groups[factor].reshape(of.seen.shape) >= 0)[of.seen].all())

    def of(self, factor: str) -> Conditions:
        """The conditions with the groups of a factor in the place of the participants."""
        return self if factor == self.factor else self.others[factor]

    def merged(self, cells: Sequence[IntArray]) -> Conditions:
        """Cells that are several of these each, in which only what does not matter may differ.

        Args:
            cells: the places in the table that make up each; the first of them stands for the others.

        Returns:
            Conditions without those of other grouping factors. A participant is of a group in a cell where all of the
            participant's trials there are.
        """
        first = np.array([where[0] for where in cells])
        table, population = (of.iloc[first] for of in (self.table, self.population))
        if self.participants is None:
            return replace(self, table=table, population=population.reset_index(drop=True), others={})
        start = np.arange(len(self.seen))[:, np.newaxis] * self.seen.shape[1]
        groups = {name: index.reshape(self.seen.shape) for name, index in self.groups.items()}
        return replace(
            self,
            table=table,
            population=population.reset_index(drop=True),
            participants=self.participants.iloc[(start + first).reshape(-1)].reset_index(drop=True),
            groups={name: _shared(index, self.seen, cells) for name, index in groups.items()},
            seen=np.column_stack([self.seen[:, where].any(axis=1) for where in cells]),
            others={},
        )


def find_conditions(design: Design, trials: Trials) -> Conditions:
    """The conditions of a design on the trials it was built from."""
    prepared = design.columns.prepare(trials.frame)
    codes = {column for column in prepared if is_code(prepared[column])}
    found = _population(design, trials, prepared, codes, {})
    points = _points(design, found)
    if points:
        found = _population(design, trials, prepared, codes, points)
    factors = [factor for factor in found.table.columns if factor not in points]
    split = split_columns(term.source for parameter in design.parameters.values() for term in parameter.terms)
    each = math.prod(map(len, points.values()))
    grid = Grid(found.population, _cells(prepared, factors)[0], each, prepared[list(found.held)], split)

    def with_groups(factor: str, index: IntArray, count: int) -> Conditions:
        members = find_members(grid, design, trials, factor, index, count)
        return replace(found, factor=factor, participants=members.rows, groups=members.groups, seen=members.seen)

    by = trials.groupby if trials.groupby is not None and trials.subjects else None
    people = set(trials.named_by or (by,))
    others = {
        name: with_groups(name, grouping.index, len(grouping.groups))
        for name, grouping in design.groupings.items()
        if name != by
    }
    parts = tuple(name for name, grouping in design.groupings.items() if people < set(grouping.columns))
    if by is not None:
        found = with_groups(by, trials.subject, len(trials.subjects))
    return replace(found, others=others, parts=parts)


def _shared(index: IntArray, seen: BoolArray, cells: Sequence[IntArray]) -> IntArray:
    """The group of each participant in each cell, participant by participant; -1 where its conditions differ in it."""
    result = np.full((len(seen), len(cells)), -1)
    for at, where in enumerate(cells):
        lowest = np.where(seen[:, where], index[:, where], np.iinfo(np.int64).max).min(axis=1)
        highest = np.where(seen[:, where], index[:, where], -1).max(axis=1)
        one = seen[:, where].any(axis=1) & (lowest == highest)
        result[one, at] = highest[one]
    return result.reshape(-1)


def _population(
    design: Design,
    trials: Trials,
    prepared: pd.DataFrame,
    codes: Collection[str],
    points: Mapping[str, tuple[float, float]],
) -> Conditions:
    """The cells, without participants.

    Args:
        design: the design.
        trials: the trials it was built from.
        prepared: their covariates.
        codes: the numbers that count as factors.
        points: the numbers that are at two values, and these.
    """
    factors_of = {name: _factors(parameter, design, {*codes, *points}) for name, parameter in design.parameters.items()}
    all_factors = list(dict.fromkeys(factor for found in factors_of.values() for factor in found))
    factors = [factor for factor in all_factors if factor not in points]
    _, representative = _cells(prepared, factors)
    table = _crossed(trials.frame.loc[representative, factors].reset_index(drop=True), points)
    levels = list(zip(*(table[factor].tolist() for factor in table), strict=True)) or [()] * len(table)
    labels = [", ".join(f"{name}={plain(level)}" for name, level in zip(table, row, strict=True)) for row in levels]
    held = {column: _mean(prepared[column]) for column in design.columns.levels if column not in all_factors}
    at_mean = pd.DataFrame({name: np.full(len(table), value) for name, value in held.items()}, index=range(len(table)))
    population = pd.concat([table, at_mean], axis=1)
    table = table.set_axis(pd.Index(labels, name="condition"), axis=0)
    own = {name: tuple(dict.fromkeys(found)) for name, found in factors_of.items() if found}
    numeric = tuple(factor for factor in all_factors if design.columns.levels[factor] is None)
    none = np.zeros((0, len(table)), dtype=np.bool_)
    return Conditions(table, own, population, None, {}, none, held, numeric)


def _points(design: Design, conditions: Conditions) -> dict[str, tuple[float, float]]:
    """The numbers at whose means a parameter, or groups, hardly differ from a constant, and two values of each."""
    matrices, names = design.matrices(conditions.population), []
    for name, parameter in design.parameters.items():
        of_common, of_group = matrices[name]
        sets = [list(zip(parameter.common, of_common, strict=True))]
        terms = [(grouped.grouping.factor, grouped.term) for grouped in parameter.group]
        for factor in dict.fromkeys(factor for factor, _ in terms):
            sets.append([(term, at) for (of, term), at in zip(terms, of_group, strict=True) if of == factor])
        for found in sets:
            if all(_is_near_zero(at, term.matrix) for term, at in found):
                names += [column for term, _ in found for column in term.variables if column in conditions.held]
    values = {name: design.frame[name].to_numpy(dtype=np.float64)[design.row] for name in dict.fromkeys(names)}
    return {name: _around(of) for name, of in values.items()}


def _is_near_zero(at: FloatArray, on_trials: FloatArray) -> bool:
    """Whether columns are so near zero in all cells, beside what they are on trials, that no value there says much."""
    return bool((np.abs(at).max(axis=0) < _NEAR * np.sqrt((on_trials**2).mean(axis=0))).all())


def _around(values: FloatArray) -> tuple[float, float]:
    """The mean less and plus a standard deviation, as round as a label should be."""
    mean, sd = float(values.mean()), float(values.std())
    digits = 1 - math.floor(math.log10(sd))
    return round(mean - sd, digits), round(mean + sd, digits)


def _mean(column: pd.Series) -> float:
    """The mean over trials; 0 where it is that but for rounding, as of a centred column."""
    values = column.to_numpy(dtype=np.float64)
    mean = float(values.mean())
    return 0.0 if abs(mean) <= _ROUNDING * np.abs(values).max() else mean


def _factors(parameter: ParameterDesign, design: Design, numbers: Collection[str]) -> list[str]:
    # text inside a numeric function, such as binary(conf), has no mean and so makes conditions too
    return [
        name
        for term in parameter.terms
        for name in term.variables
        if name in term.factors or design.columns.levels[name] is not None or name in numbers
    ]


def _cells(prepared: pd.DataFrame, factors: list[str]) -> tuple[IntArray, IntArray]:
    """The cell of each trial, cells in the order of their levels, and a trial of each cell."""
    if not factors:
        return np.zeros(len(prepared), dtype=np.int64), np.zeros(1, dtype=np.int64)
    codes = np.column_stack([np.unique(_codes(prepared[factor]), return_inverse=True)[1] for factor in factors])
    _, representative, cell = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    return cell.reshape(-1).astype(np.int64), representative.astype(np.int64)


def _codes(column: pd.Series) -> FloatArray:
    values = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
    return values.to_numpy(dtype=np.float64)


def _crossed(table: pd.DataFrame, points: Mapping[str, Iterable[float]]) -> pd.DataFrame:
    """Each cell at each combination of the points, cell by cell."""
    combinations = pd.DataFrame(list(product(*points.values())), columns=list(points))
    return table.merge(combinations, how="cross") if points else table
